"""After every bad answer the same sink goes on: nothing of it hangs over to the next call."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import pytest

from petiole.core.domain.report import ACCEPTED
from petiole.core.errors import DeliveryError
from petiole.core.ports.profile_sink import ProfileSink
from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.plugins.canopydeploy.sandbox.fault import BY_RECORD, Fault
from tests.adapters.canopydeploy.made import message, messages, sink
from tests.adapters.canopydeploy.soap.made import runs
from tests.adapters.canopydeploy.twin import control, profiles

OWN: Mapping[Fault, Mapping[str, object]] = {
    Fault.STATUS: {"status": 503},
    Fault.BODY: {"body": "{}"},
}
"""What some faults need to be told."""


@contextmanager
def opened(lane: str, sandbox: Sandbox) -> Iterator[ProfileSink]:
    with ExitStack() as stack:
        if lane == "batch":
            yield stack.enter_context(sink(endpoint=sandbox.rest, timeout="600ms"))
        else:
            yield stack.enter_context(runs(soap_url=sandbox.soap, timeout="600ms"))


@pytest.mark.parametrize("lane", ["batch", "realtime"])
@pytest.mark.parametrize("fault", sorted(set(Fault) - BY_RECORD))
def test_next_calls_are_answered_as_if_nothing_had_been(
    sandbox: Sandbox, lane: str, fault: Fault
) -> None:
    control(sandbox, "settings", {"trickle_ms": 100})
    rule: Mapping[str, object] = {"fault": fault, "calls": [2], **OWN.get(fault, {})}
    control(sandbox, "faults", {"rules": [rule]})

    with opened(lane, sandbox) as lane_sink:
        before = lane_sink.deliver(messages(1))
        with suppress(DeliveryError):
            lane_sink.deliver(messages(1))
        after = [lane_sink.deliver([message(number)]) for number in (2, 3)]

    assert dict(before.outcomes) == {1: ACCEPTED}
    assert [dict(report.outcomes) for report in after] == [{2: ACCEPTED}, {3: ACCEPTED}]
    assert sorted(profiles(sandbox)) == ["11001", "11002", "11003"]

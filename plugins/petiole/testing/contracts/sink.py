"""The fixtures to override for all suites about sinks, and what these send."""

from collections.abc import Iterable, Mapping, Sequence

import pytest

from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Outcome
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages, scope
from petiole.testing.contracts.override import missing
from petiole.testing.standing import SinkOnPlatform
from petiole.testing.stands import Platform, SinkStand

SEGMENT = scope().segment


def additions(stand: SinkStand, most: int = 5) -> list[Message]:
    """As many additions as one call may hold, up to `most`."""
    people = [stand.identifier(number) for number in range(1, min(most, stand.ceiling) + 1)]
    return messages(change(who, fields={"firstname": f"Åse {who.value}"}) for who in people)


def deliver_all(stand: SinkStand, sent: Iterable[Message]) -> Mapping[MessageId, Outcome]:
    """Deliver in as few calls as the ceiling allows; each call reports on its own messages."""
    waiting = list(sent)
    outcomes: dict[MessageId, Outcome] = {}
    while waiting:
        call, waiting = waiting[: stand.ceiling], waiting[stand.ceiling :]
        report = stand.sink.deliver(call)
        assert set(report.outcomes) == {message.id for message in call}
        outcomes |= report.outcomes
    return outcomes


def deliver_one_by_one(stand: SinkStand, sent: Sequence[Message]) -> None:
    """No call holds a profile twice, so each change of these goes by itself."""
    for message in sent:
        report = stand.sink.deliver([message])
        assert dict(report.outcomes) == {message.id: ACCEPTED}


class SinkContract:
    """Override `sink` and `platform`, or `stand`; and `secret`, where there is one."""

    @pytest.fixture
    def sink(self, request: pytest.FixtureRequest, platform: Platform) -> ProfileSink:
        del platform
        missing(request, "sink")

    @pytest.fixture
    def stand(self, sink: ProfileSink, platform: Platform) -> SinkStand:
        return SinkOnPlatform(sink, platform)

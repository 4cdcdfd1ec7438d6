"""Killed where a connection would rather ask than send twice: a person decides, nothing is lost."""

from collections import Counter
from dataclasses import replace
from signal import SIGKILL

import pytest

from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint
from petiole.host import Host
from tests.crash.story import BATCH_PROFILES, Lane, Stage
from tests.crash.victim import Doom, run
from tests.crash.witness import Twin, check_end, check_order, repeated

PARKED = LetterSelection(state=MessageState.PARKED)


@pytest.mark.parametrize(
    ("point", "decision"),
    [(FailPoint.CLAIM_COMMITTED, Decision.RESEND), (FailPoint.SENT, Decision.ARRIVED)],
)
def test_batch_of_a_dead_host_is_parked_and_sent_at_most_once(
    stage: Stage,
    twin: Twin,
    monkeypatch: pytest.MonkeyPatch,
    point: FailPoint,
    decision: Decision,
) -> None:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", twin.sandbox.token)
    story = replace(stage(Lane.BATCH), on_doubt="park")
    twin.control("faults", {"rules": []})
    assert run(None, story.queue) == 0

    died = run(Doom(point=point, passes=2), story.deliver)
    with Host.open(story.settings()) as host:
        host.run_once(flush=True)
        parked = host.operations.letters(PARKED, limit=100)
        before = Counter(twin.arrivals)
        host.operations.decide(PARKED, decision, by="anna")
        host.run_once(flush=True)

    assert died == -SIGKILL
    assert len(parked) == BATCH_PROFILES
    assert all(
        before[letter.identifier.value, 0] == (decision is Decision.ARRIVED) for letter in parked
    )
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == {}

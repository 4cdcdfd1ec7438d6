"""Files of released versions: brought up to date as a whole, and what was under way goes on."""

from collections import Counter
from dataclasses import replace
from signal import SIGKILL

import pytest

from petiole.adapters.sqlite.schema import STEPS
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint
from petiole.host import Host
from tests.crash import released
from tests.crash.story import NAME, Lane, Stage, Story
from tests.crash.victim import Doom, ended, run, start
from tests.crash.witness import Twin, under_way

TALLY = {MessageState(state): number for state, number in released.TALLY.items()}
IN_FLIGHT = {("11002", 0), ("11003", 0)}
SENT = {"pending", "retry", "in_flight"}
HELD_BACK = {("11006", 0), ("11006", 1), ("11007", 0)}
"""Parked, behind it, and dead: until a person decides."""


@pytest.fixture
def story(stage: Stage, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", twin.sandbox.token)
    story = stage(Lane.BATCH)
    twin.control("faults", {"rules": []})
    return replace(story, profiles=sorted({profile for profile, *_ in released.ROWS}))


def open_once(story: Story) -> None:
    """Look at it, which brings it up to date."""
    with Host.open(story.settings()) as host:
        host.status()


def check_whole(story: Story) -> None:
    with Host.open(story.settings()) as host:
        bookkeeping = host.container.bookkeeping()
        assert bookkeeping.tally(NAME).states == bookkeeping.audit(NAME).states == TALLY
    assert under_way(story) == IN_FLIGHT


@pytest.mark.parametrize("schema", STEPS)
def test_everything_is_still_there_and_goes_on(story: Story, twin: Twin, schema: str) -> None:
    released.leave(story.path, schema)

    check_whole(story)
    with Host.open(story.settings()) as host:
        host.run_once(flush=True)
        first = Counter(twin.arrivals)
        [status] = host.status()
        for state in (MessageState.PARKED, MessageState.DEAD):
            host.operations.decide(LetterSelection(state=state), Decision.RESEND, by="anna")
        host.run_once(flush=True)
        [after] = host.status()

    sent = {(profile, n) for profile, n, state, _ in released.ROWS if state in SENT}
    assert first == Counter(sent - HELD_BACK)
    assert status.tally[MessageState.PENDING] == 1
    assert status.tally[MessageState.DELIVERED] == 1 + len(first)
    assert Counter(twin.arrivals) == Counter(sent | HELD_BACK)
    assert twin.arrivals.index(("11006", 0)) < twin.arrivals.index(("11006", 1))
    assert after.tally[MessageState.DELIVERED] == len(released.ROWS) - 2


@pytest.mark.parametrize("point", [FailPoint.MIGRATION_WRITTEN, FailPoint.MIGRATION_COMMITTED])
def test_killed_migration_happened_whole_or_not_at_all(story: Story, point: FailPoint) -> None:
    released.leave(story.path, released.FIRST)

    died = run(Doom(point=point), open_once, story)

    assert died == -SIGKILL
    check_whole(story)


@pytest.mark.parametrize("is_new", [True, False])
def test_five_processes_may_open_a_file_at_once(story: Story, *, is_new: bool) -> None:
    if not is_new:
        released.leave(story.path, released.FIRST)

    processes = [start(None, open_once, story) for _ in range(5)]

    assert [ended(process) for process in processes] == [0] * 5
    if not is_new:
        check_whole(story)

"""What an operator reads of a running host: every turn of events once, with its moment."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import FrozenClock, MemoryStore
from petiole.core.domain.breaker import (
    HEALTHY,
    ConnectionState,
    Hold,
    PauseReason,
    paused,
    resumed,
)
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import (
    BatchSettled,
    ConnectionHeld,
    ConnectionPaused,
    LeaseExpired,
    MessageBuried,
    OutboxAvailable,
    OutboxUnavailable,
)
from petiole.core.domain.message import BatchId
from petiole.core.domain.settlement import Bury
from petiole.host.cli.journal import SUMS_EVERY, Journal
from petiole.testing.changes import change, messages

NAME = ConnectionName("newsletter")
MINUTE = timedelta(minutes=1)


class Desk:
    """An operator's desk: the journal of one host, and hands on its store and its clock."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self.lines: list[str] = []
        self.states = MemoryStore(clock=clock).states
        self.journal = Journal(clock=clock, tell=self.lines.append)

    def put(self, state: ConnectionState) -> None:
        self.states.change(NAME, lambda _: state)

    def held(self, hold: Hold, span: timedelta = MINUTE) -> None:
        until = self.clock.now() + span
        self.put(
            ConnectionState(
                failures=5,
                failing_since=self.clock.now(),
                open_until=until,
                hold=hold,
                reason="503: down",
            )
        )
        self.journal.notify(ConnectionHeld(connection=NAME, until=until, reason="503: down"))

    def bury(self, code: str = "105", reason: str = "unknown field") -> None:
        verdict = Bury(code, reason)
        [message] = messages([change(1)])
        self.journal.notify(MessageBuried(connection=NAME, message=message, verdict=verdict))

    def settle(self, *, parked: int = 0) -> None:
        self.journal.notify(
            BatchSettled(
                connection=NAME,
                batch=BatchId(7),
                delivered={},
                retried=0,
                resent=0,
                deferred=0,
                parked=parked,
                buried=0,
                calls=1,
            )
        )

    def read(self) -> list[str]:
        """Take what was told, without the moments."""
        told = [line.partition(" ")[2] for line in self.lines]
        self.lines.clear()
        return told


@pytest.fixture
def desk(clock: FrozenClock) -> Desk:
    return Desk(clock)


@pytest.fixture
def look(desk: Desk) -> Iterator[Callable[[], list[str]]]:
    with desk.journal.watching(desk.states, [NAME]) as looking:

        def later() -> list[str]:
            desk.clock.advance(MINUTE / 60)
            assert looking() is False
            return desk.read()

        yield later


Look = Callable[[], list[str]]


def test_line_begins_with_its_moment(desk: Desk, clock: FrozenClock) -> None:
    desk.journal.write("hello")

    assert desk.lines == [f"{clock.now():%Y-%m-%dT%H:%M:%SZ} hello"]


def test_healthy_host_tells_nothing(desk: Desk, look: Look) -> None:
    desk.settle()

    assert [look(), look()] == [[], []]


def test_breaker_is_told_once_as_it_opens_and_once_as_it_closes(desk: Desk, look: Look) -> None:
    desk.held(Hold.BREAKER)
    opened, still = look(), look()
    desk.clock.advance(MINUTE)
    tried = look()
    desk.put(HEALTHY)
    desk.settle()
    closed, after = look(), look()

    assert len(opened) == 1
    assert opened[0].startswith("newsletter: breaker open until")
    assert opened[0].endswith("503: down")
    assert (still, tried, after) == ([], [], [])
    assert closed == ["newsletter: delivers again"]


def test_breaker_that_opens_again_is_told_again(desk: Desk, look: Look) -> None:
    desk.held(Hold.BREAKER)
    look()
    desk.clock.advance(MINUTE)
    desk.held(Hold.BREAKER)

    assert [line[:24] for line in look()] == ["newsletter: breaker open"]


@pytest.mark.parametrize(("seconds", "lines"), [(2, 0), (30, 1)])
def test_long_rests_are_told_and_short_ones_are_not(
    desk: Desk, look: Look, seconds: int, lines: int
) -> None:
    desk.held(Hold.PACE, timedelta(seconds=seconds))

    assert len(look()) == lines


def test_used_up_quota_is_told(desk: Desk, look: Look) -> None:
    desk.held(Hold.QUOTA)

    assert look()[0].startswith("newsletter: pacing until")


def test_pause_and_resume_by_others_are_told(desk: Desk, look: Look) -> None:
    def pause(state: ConnectionState) -> ConnectionState:
        now = desk.clock.now()
        return paused(state, PauseReason.OPERATOR, "deploy of CRM", now=now, by="anna")

    desk.states.change(NAME, pause, by="anna")
    stopped, still = look(), look()
    desk.states.change(NAME, lambda state: resumed(state, now=desk.clock.now()), by="anna")
    went_on, after = look(), look()

    assert len(stopped) == 1
    assert "newsletter: paused (operator) by anna" in stopped[0]
    assert stopped[0].endswith("deploy of CRM")
    assert went_on == ["newsletter: resumed"]
    assert (still, after) == ([], [])


def test_pause_that_is_found_at_the_start_is_told(desk: Desk) -> None:
    desk.put(ConnectionState(paused=PauseReason.CREDENTIALS, paused_why="401: no"))

    with desk.journal.watching(desk.states, [NAME]) as looking:
        looking()

    assert desk.read() == ["newsletter: paused (credentials): 401: no"]


def test_trial_after_a_pause_is_told_and_how_it_ends(desk: Desk, look: Look) -> None:
    desk.put(ConnectionState(paused=PauseReason.CREDENTIALS, paused_why="401: no"))
    look()
    desk.states.change(NAME, lambda state: resumed(state, now=desk.clock.now()))
    trial = look()
    desk.put(HEALTHY)

    assert trial == ["newsletter: resumed; one batch tries first"]
    assert look() == ["newsletter: delivers again"]


def test_work_in_the_foreground_tells_a_pause_without_looking(desk: Desk) -> None:
    why = PauseReason.CREDENTIALS
    desk.journal.notify(ConnectionPaused(connection=NAME, why=why, reason="401: no"))

    assert desk.read() == ["newsletter: paused: 401: no"]


def test_deaths_are_told_by_cause_and_now_and_then(desk: Desk, look: Look) -> None:
    desk.bury()
    desk.bury()
    desk.bury("106", "too long")
    first = look()
    desk.bury()
    soon = look()
    desk.clock.advance(SUMS_EVERY)
    later = look()

    assert first == [
        "newsletter: 2 changes dead: 105: unknown field; see petiole dead list newsletter",
        "newsletter: 1 change dead: 106: too long; see petiole dead list newsletter",
    ]
    assert soon == []
    assert len(later) == 1


def test_many_causes_of_death_are_counted(desk: Desk, look: Look) -> None:
    for number in range(8):
        desk.bury(reason=f"cause {number}")

    told = look()

    assert len(told) == 6
    assert told[-1] == "changes died of 3 other causes; see petiole dead list"


def test_parked_changes_are_told(desk: Desk, look: Look) -> None:
    desk.settle(parked=3)

    assert look() == [
        "newsletter: 3 changes parked, outcome unknown; see petiole parked list newsletter"
    ]


def test_what_was_not_told_yet_is_told_at_the_end(desk: Desk) -> None:
    with desk.journal.watching(desk.states, [NAME]) as looking:
        desk.bury()
        looking()
        desk.bury()
        looking()
        desk.read()

    assert len(desk.read()) == 1


def test_takeover_and_trouble_of_the_outbox_are_told_at_once(desk: Desk) -> None:
    desk.journal.notify(LeaseExpired(connection=NAME, batch=BatchId(7)))
    desk.journal.notify(OutboxUnavailable(reason="no space is left"))
    desk.journal.notify(OutboxAvailable())

    assert desk.read() == [
        "newsletter: another runner took batch 7 over while it was delivered; it may arrive twice",
        "no space is left (waiting)",
        "the outbox can be used again",
    ]


def test_batches_are_told_to_who_asks_for_more(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="petiole.host"):
        desk.settle(parked=3)

    assert caplog.messages == ["newsletter: batch 7: 3 parked in 1 call"]
    assert desk.lines == []

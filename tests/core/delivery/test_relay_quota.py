"""What the relay does where the platform takes only so many calls a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from petiole.adapters.memory import FrozenClock, MemorySink
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import Hold
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import ConnectionHeld
from petiole.core.domain.message import MessageState
from petiole.core.domain.quota import DailyQuota
from petiole.core.errors import MalformedRequest, Unavailable
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn, refuse
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND

DELIVERED, PENDING = MessageState.DELIVERED, MessageState.PENDING
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MIDNIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)
"""The end of the day of `NOON` in Amsterdam."""
HOUR = timedelta(hours=1)


def quota(calls: int, *shared_by: str) -> DailyQuota:
    names = shared_by or (NEWSLETTER,)
    return DailyQuota(calls=calls, zone=AMSTERDAM, shared_by=[ConnectionName(n) for n in names])


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


def test_used_up_quota_holds_the_connection_until_midnight(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(quota=quota(3))
    stage.enqueue(range(500))

    stage.run_for(24 * HOUR, poll=MINUTE)

    assert [at for at, _ in sink.calls] == [NOON] * 3 + [MIDNIGHT] * 2
    assert stage.tally().states == {DELIVERED: 500}


def test_used_up_quota_is_told_once_and_seen_in_the_state(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.set(batching=BatchPolicy(max_profiles=1), quota=quota(2))
    stage.enqueue(range(5))

    stage.run_for(HOUR, poll=MINUTE)

    (held,) = stage.observer.of(ConnectionHeld)
    assert (held.until, held.reason) == (MIDNIGHT, "the 2 calls of this day are used up")
    assert (stage.flow().hold, stage.flow().open_until) == (Hold.QUOTA, MIDNIGHT)


def test_quota_spends_no_attempt(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.set(quota=quota(1))
    stage.enqueue(range(200))

    stage.run_for(HOUR, poll=MINUTE)

    waiting = [row for row in stage.state.rows.values() if row.state is PENDING]
    assert {row.attempts for row in waiting} == {0}
    assert len(waiting) == 100


def test_nothing_is_held_while_there_is_nothing_to_send(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.set(quota=quota(1))
    stage.enqueue(range(100))

    stage.run_for(HOUR, poll=MINUTE)

    assert stage.observer.of(ConnectionHeld) == []
    assert stage.flow().open_until is None


def test_quota_survives_a_restart(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(quota=quota(1))
    stage.enqueue(range(100))
    stage.run_for(MINUTE)
    heir = stage.restarted()

    heir.enqueue(range(100, 200))
    heir.run_for(HOUR, poll=MINUTE)

    assert len(sink.calls) == 1
    assert heir.flow().open_until == MIDNIGHT


def test_connections_of_one_brand_share_a_quota(stage: Stage) -> None:
    batch, realtime = stage.serve(MemorySink(), "batch"), stage.serve(MemorySink(), "realtime")
    for name in ("batch", "realtime"):
        stage.set(name, quota=quota(4, "batch", "realtime"), max_in_flight=3)
        stage.enqueue(range(500), name)

    stage.run_for(HOUR, poll=MINUTE)

    assert len(batch.calls) + len(realtime.calls) == 4
    assert stage.flow("batch").open_until == stage.flow("realtime").open_until == MIDNIGHT


def test_connection_that_shares_nothing_goes_on(stage: Stage) -> None:
    stage.serve(MemorySink(), "batch")
    other = stage.serve(MemorySink(), "other")
    stage.set("batch", quota=quota(1, "batch"))
    for name in ("batch", "other"):
        stage.enqueue(range(300), name)

    stage.run_for(MINUTE)

    assert len(other.calls) == 3


def test_calls_in_the_air_count(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: MINUTE})
    sink = stage.serve(MemorySink())
    stage.set(quota=quota(3), max_in_flight=2)
    stage.enqueue(range(900))

    stage.run_for(HOUR, poll=MINUTE)

    assert [at for at, _ in sink.calls] == [NOON, NOON, NOON + MINUTE]


def test_calls_that_failed_count(stage: Stage) -> None:
    sink = stage.serve(ScriptedSink(in_turn(fail_with(Unavailable("down")), accept)))
    stage.set(quota=quota(2))
    stage.enqueue(range(300))

    stage.run_for(HOUR, poll=MINUTE)

    assert len(sink.calls) == 2


def test_every_call_of_a_search_counts(stage: Stage) -> None:
    script = ScriptedSink(refuse({3}, MalformedRequest("no date", code="400")))
    sink = stage.serve(script)
    stage.set(quota=quota(5), batching=BatchPolicy(max_profiles=4), max_in_flight=1)
    stage.enqueue(range(12))

    stage.run_for(HOUR, poll=MINUTE)

    # Four to find the culprit, and the fifth for the next batch.
    assert len(sink.calls) == 5
    assert stage.tally()[PENDING] == 4


@pytest.mark.parametrize(
    ("noon", "midnight"),
    [
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)),
    ],
    ids=["23 hours", "25 hours"],
)
def test_day_on_which_the_clocks_change_ends_at_its_own_midnight(
    noon: datetime, midnight: datetime
) -> None:
    stage = Stage(clock=FrozenClock(noon))
    sink = stage.serve(MemorySink())
    stage.set(quota=quota(1))
    stage.enqueue(range(200))

    stage.run_for(26 * HOUR, poll=MINUTE)

    assert [at for at, _ in sink.calls] == [noon, midnight]


def test_drain_does_not_wait_for_tomorrow(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(quota=quota(1))
    stage.enqueue(range(200))

    stage.drain(patience=MINUTE)

    assert len(sink.calls) == 1
    assert stage.clock.now() <= NOON + MINUTE + SECOND

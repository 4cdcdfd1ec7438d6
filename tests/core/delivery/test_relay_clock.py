"""What the relay does when the time of day jumps."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.events import BatchSettled, LeaseExpired
from petiole.core.domain.message import MessageState
from petiole.core.errors import Throttled, Unavailable
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND

DELIVERED, PENDING = MessageState.DELIVERED, MessageState.PENDING
HOUR = timedelta(hours=1)
DAY = 24 * HOUR
JUMPS = [pytest.param(hours * HOUR, id=f"{hours:+} h") for hours in (2, -2, 87_660, -87_660)]
DOWN = Unavailable("gateway down", code="503")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


@pytest.mark.parametrize("jump", JUMPS)
def test_few_changes_are_flushed_within_twenty_minutes_all_the_same(
    stage: Stage, jump: timedelta
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(37))
    stage.run_for(5 * MINUTE)

    stage.clock.jump(jump)
    stage.run_for(15 * MINUTE + SECOND)

    assert [size for _, size in sink.calls] == [37]
    assert stage.tally().states == {DELIVERED: 37}


@pytest.mark.parametrize("jump", JUMPS)
def test_changes_that_come_after_the_jump_wait_for_their_age(stage: Stage, jump: timedelta) -> None:
    sink = stage.serve(MemorySink())
    stage.clock.jump(jump)
    stage.enqueue(range(37))

    stage.run_for(HOUR)

    assert sink.calls == [(NOON + jump + 20 * MINUTE, 37)]


@pytest.mark.parametrize("jump", JUMPS)
def test_batches_in_the_air_stay_with_their_runner(stage: Stage, jump: timedelta) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 5 * MINUTE})
    sink = stage.serve(MemorySink())
    stage.set(batching=BatchPolicy(max_profiles=10))
    stage.enqueue(range(80))
    other = Stage(clock=stage.clock, state=stage.state)
    thief = other.serve(MemorySink())
    relay = stage.relay()
    relay.turn()

    stage.clock.jump(jump)
    other.drain(flush=True)
    relay.land()

    assert thief.calls == []
    assert len(sink.calls) == 8
    assert stage.observer.of(LeaseExpired) == []
    assert stage.tally().states == {DELIVERED: 80}


@pytest.mark.parametrize("jump", JUMPS)
def test_jump_buries_nothing_that_was_hardly_tried(stage: Stage, jump: timedelta) -> None:
    stage.serve(ScriptedSink(in_turn(fail_with(DOWN), fail_with(DOWN), accept)))
    stage.enqueue(range(100))
    stage.run_for(0.1 * SECOND)

    stage.clock.jump(jump)
    stage.run_for(3 * HOUR, poll=MINUTE)

    assert stage.tally().states == {DELIVERED: 100}


@pytest.mark.parametrize("jump", JUMPS)
def test_wait_for_another_try_ends(stage: Stage, jump: timedelta) -> None:
    sink = stage.serve(ScriptedSink(in_turn(fail_with(DOWN), accept)))
    stage.set(retry=RetryPolicy(base=10 * MINUTE))
    stage.enqueue(range(100))
    stage.run_for(SECOND)

    stage.clock.jump(jump)
    stage.run_for(3 * HOUR, poll=MINUTE)

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 100}


@pytest.mark.parametrize("jump", JUMPS)
def test_wait_of_a_held_connection_ends(stage: Stage, jump: timedelta) -> None:
    throttled = Throttled("slow down", retry_after=10 * MINUTE)
    sink = stage.serve(ScriptedSink(in_turn(fail_with(throttled), accept)))
    stage.enqueue(range(100))
    stage.run_for(SECOND)

    stage.clock.jump(jump)
    stage.run_for(3 * HOUR, poll=MINUTE)

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 100}


def test_wait_for_a_whole_day_ends_a_day_after_the_clock_was_set_back(stage: Stage) -> None:
    throttled = Throttled("slow down", retry_after=DAY)
    sink = stage.serve(ScriptedSink(in_turn(fail_with(throttled), accept)))
    stage.enqueue(range(100))
    stage.run_for(SECOND)

    stage.clock.jump(-2 * HOUR)
    stage.run_for(MINUTE)

    assert len(sink.calls) == 2


@pytest.mark.parametrize("jump", JUMPS)
def test_jumps_send_nothing_twice(stage: Stage, jump: timedelta) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 20 * SECOND})
    sink = stage.serve(MemorySink())
    stage.set(batching=BatchPolicy(max_profiles=10), max_in_flight=2)
    stage.enqueue(range(100))
    began = stage.clock.uptime()
    relay = stage.relay()

    while stage.clock.uptime() < began + 5 * MINUTE:
        relay.turn()
        stage.clock.jump(jump)
        jump = -jump
    relay.land()

    assert len(sink.calls) == 10
    assert stage.tally().states == {DELIVERED: 100}
    assert sum(told.resent for told in stage.observer.of(BatchSettled)) == 0


def test_calls_are_not_begun_when_the_lease_is_about_to_end(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(lease=10 * MINUTE)
    stage.enqueue(range(100))
    tasks = []
    workers = SlowWorkers(stage.clock)
    stage.workers = workers
    submit = workers.submit
    workers.submit = lambda connection, task: tasks.append((connection, task))  # type: ignore[method-assign]
    relay = stage.relay()
    relay.turn()

    # The task waits for a worker, or the machine sleeps, until four fifths of the lease are over.
    stage.clock.advance(8 * MINUTE)
    for connection, task in tasks:
        submit(connection, task)
    relay.land()

    assert sink.calls == []
    assert stage.tally().states == {PENDING: 100}
    assert {row.attempts for row in stage.state.rows.values()} == {0}
    (told,) = stage.observer.of(BatchSettled)
    assert (told.deferred, told.calls) == (100, 0)

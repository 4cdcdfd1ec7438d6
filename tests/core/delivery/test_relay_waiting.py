"""When the relay looks, when it waits, and when it is done."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.delivery.relay import POLL
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.message import MessageState
from petiole.core.errors import Timeout, Unavailable
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND

NO_PATIENCE = timedelta()
SMALL = BatchPolicy(max_profiles=10)
DELIVERED, IN_FLIGHT, PENDING = (
    MessageState.DELIVERED,
    MessageState.IN_FLIGHT,
    MessageState.PENDING,
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


@pytest.fixture
def workers(stage: Stage) -> SlowWorkers:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    stage.workers = workers
    return workers


def fail_once() -> ScriptedSink:
    return ScriptedSink(in_turn(fail_with(Unavailable("gateway down")), accept))


def test_drain_of_nothing_returns_at_once(stage: Stage) -> None:
    stage.serve(MemorySink())

    stage.drain(patience=MINUTE)

    assert stage.clock.now() == NOON


def test_drain_without_patience_waits_for_what_is_in_the_air(
    stage: Stage, workers: SlowWorkers
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(max_in_flight=1)
    stage.enqueue(range(250))

    stage.drain(flush=True)

    assert [size for _, size in sink.calls] == [100, 100, 50]
    assert stage.tally().states == {DELIVERED: 250}


def test_drain_waits_for_the_retry_of_the_last_batch(stage: Stage, workers: SlowWorkers) -> None:
    sink = stage.serve(fail_once())
    stage.enqueue(range(5))

    stage.drain(flush=True, patience=MINUTE)

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 5}


@pytest.mark.parametrize(("patience", "calls"), [(SECOND, 1), (2 * SECOND, 2)])
def test_drain_waits_for_a_retry_within_its_patience_only(
    stage: Stage, patience: timedelta, calls: int
) -> None:
    sink = stage.serve(fail_once())
    stage.set(retry=RetryPolicy(base=4 * SECOND))
    stage.enqueue(range(5))

    stage.drain(flush=True, patience=patience)

    assert len(sink.calls) == calls


@pytest.mark.parametrize(("patience", "calls"), [(MINUTE, 0), (5 * MINUTE, 1)])
def test_drain_waits_for_a_held_connection_within_its_patience_only(
    stage: Stage, patience: timedelta, calls: int
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))
    stage.hold(NOON + 3 * MINUTE)

    stage.drain(patience=patience)

    assert sink.calls == [(NOON + 3 * MINUTE, 100)][:calls]


def test_drain_waits_for_an_age_within_its_patience_while_the_connection_is_held(
    stage: Stage,
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(5))
    stage.hold(NOON + MINUTE)

    stage.drain(patience=30 * MINUTE)

    assert sink.calls == [(NOON + 20 * MINUTE, 5)]


@pytest.mark.parametrize("waiting", [0, 5])
def test_drain_does_not_wait_for_a_hold_to_end_when_nothing_is_due_then(
    stage: Stage, waiting: int
) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(waiting))
    stage.hold(NOON + MINUTE)

    stage.drain(patience=19 * MINUTE)

    assert stage.clock.now() == NOON


def test_drain_leaves_young_changes_alone_unless_it_flushes(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(5))

    stage.drain(patience=MINUTE)

    assert sink.calls == []
    assert stage.clock.now() == NOON


def test_drain_does_not_wait_for_another_runner_beyond_its_patience(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(5))
    other = Stage(clock=stage.clock, state=stage.state)
    other.store.outbox.claim(NEWSLETTER, SMALL, batches=1, partial=True, lease=60 * MINUTE)

    stage.drain(flush=True, patience=5 * SECOND)

    assert stage.tally().states == {IN_FLIGHT: 5}
    assert NOON + 5 * SECOND - POLL <= stage.clock.now() <= NOON + 5 * SECOND


def test_drain_recovers_what_another_runner_leaves_behind(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(5))
    other = Stage(clock=stage.clock, state=stage.state)
    other.store.outbox.claim(NEWSLETTER, SMALL, batches=1, partial=True, lease=3 * SECOND)

    stage.drain(flush=True, patience=5 * SECOND)

    assert sink.calls == [(NOON + 3 * SECOND, 5)]


def test_drain_that_is_told_to_stop_settles_what_is_in_the_air(
    stage: Stage, workers: SlowWorkers
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(max_in_flight=1)
    stage.enqueue(range(250))

    stage.relay().drain(flush=True, patience=MINUTE, until=lambda: bool(sink.calls))

    assert len(sink.calls) == 1
    assert stage.tally().states == {DELIVERED: 100, PENDING: 150}


def test_run_that_is_told_to_stop_settles_what_is_in_the_air(
    stage: Stage, workers: SlowWorkers
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(max_in_flight=1)
    stage.enqueue(range(250))

    stage.relay().run(until=lambda: bool(sink.calls))

    assert len(sink.calls) == 1
    assert stage.tally().states == {DELIVERED: 100, PENDING: 150}


def test_relay_that_is_told_to_stop_beforehand_sends_nothing(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))

    stage.relay().run(until=lambda: True)
    stage.relay().drain(flush=True, patience=MINUTE, until=lambda: True)

    assert sink.calls == []


def test_idle_relay_looks_twice_a_second_and_no_oftener(stage: Stage, workers: SlowWorkers) -> None:
    stage.serve(MemorySink())

    stage.run_for(MINUTE)

    assert workers.waits == [POLL] * 120


def test_waiting_relay_notices_new_changes_and_a_wish_to_stop(
    stage: Stage, workers: SlowWorkers
) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(37))

    stage.run_for(30 * MINUTE)

    assert max(workers.waits) <= POLL


def test_busy_relay_never_spins(stage: Stage, workers: SlowWorkers) -> None:
    stage.serve(
        ScriptedSink(in_turn(accept, *[fail_with(Timeout("no answer"))] * 9, *[accept] * 9))
    )
    stage.set(max_in_flight=2, batching=SMALL)
    stage.enqueue(range(205))

    stage.run_for(40 * MINUTE)

    in_vain = [wait for wait in workers.waits if not wait]
    assert len(in_vain) <= workers.submitted
    assert stage.tally().states == {DELIVERED: 205}


def test_relay_does_not_spin_beside_another_runner_that_is_at_its_limit(
    stage: Stage, workers: SlowWorkers
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(max_in_flight=1, batching=SMALL)
    stage.enqueue(range(50))
    other = Stage(clock=stage.clock, state=stage.state)
    other.store.outbox.claim(NEWSLETTER, SMALL, batches=1, partial=True, lease=60 * MINUTE)

    stage.run_for(MINUTE)

    assert sink.calls == []
    assert workers.waits == [POLL] * 120


def test_relay_does_not_sleep_past_a_retry_beside_another_runner(stage: Stage) -> None:
    sink = stage.serve(fail_once())
    stage.set(batching=SMALL, retry=RetryPolicy(base=0.5 * SECOND))
    stage.enqueue(range(20))
    other = Stage(clock=stage.clock, state=stage.state)
    other.store.outbox.claim(NEWSLETTER, SMALL, batches=1, partial=True, lease=60 * MINUTE)

    stage.run_for(SECOND)

    assert sink.calls == [(NOON, 10), (NOON + 0.25 * SECOND, 10)]


def test_relay_does_not_sleep_past_the_soonest_of_many_connections(stage: Stage) -> None:
    sinks = {}
    for seconds in (7.3, 1.1, 3.7):
        name = f"every-{seconds}"
        sinks[seconds] = stage.serve(MemorySink(), name)
        stage.set(name, batching=BatchPolicy(max_age=seconds * SECOND))
        stage.enqueue([1], name)

    stage.run_for(10 * SECOND)

    for seconds, sink in sinks.items():
        assert sink.calls == [(NOON + seconds * SECOND, 1)]

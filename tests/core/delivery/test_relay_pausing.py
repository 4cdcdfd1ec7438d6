"""What the relay does when people pause, resume and ring."""

from collections.abc import Iterator

import pytest

from petiole.adapters.memory import InlineWorkers, MemorySink
from petiole.core.delivery.landing import Delivery
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import HEALTHY, BreakerPolicy, Hold, PauseReason, paused
from petiole.core.domain.message import MessageState
from petiole.core.errors import InvalidCredentials, Unavailable
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND

DELIVERED, PENDING = MessageState.DELIVERED, MessageState.PENDING
SMALL = BatchPolicy(max_profiles=10)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


@pytest.fixture
def workers(stage: Stage) -> SlowWorkers:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: MINUTE})
    stage.workers = workers
    return workers


@pytest.mark.usefixtures("workers")
def test_pause_lets_what_is_in_the_air_settle_and_nothing_more_go(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=SMALL, max_in_flight=3)
    stage.enqueue(range(100))
    relay = stage.relay()
    relay.turn()

    stage.pause()
    relay.run(until=lambda: stage.clock.uptime() >= 10 * MINUTE)

    assert len(sink.calls) == 3
    assert stage.tally().states == {DELIVERED: 30, PENDING: 70}
    assert stage.flow().paused is PauseReason.OPERATOR


def test_resumed_connection_tries_one_batch_and_then_the_rest(
    stage: Stage, workers: SlowWorkers
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=SMALL, max_in_flight=3)
    stage.enqueue(range(40))
    stage.change(lambda state: paused(state, PauseReason.CREDENTIALS, "token refused", now=NOON))
    stage.run_for(MINUTE)

    stage.resume()
    trial = stage.flow()
    stage.run_for(5 * MINUTE)

    assert trial.hold is Hold.TRIAL
    assert workers.busiest == 3
    began = NOON + MINUTE
    assert [at for at, _ in sink.calls] == [began] + [began + MINUTE] * 3
    assert stage.flow() == HEALTHY


def test_what_a_person_paused_goes_on_as_it_was(stage: Stage, workers: SlowWorkers) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=SMALL, max_in_flight=3)
    stage.enqueue(range(30))
    stage.pause()
    stage.run_for(MINUTE)

    stage.resume()
    stage.run_for(MINUTE)

    assert workers.busiest == 3
    assert [at for at, _ in sink.calls] == [NOON + MINUTE] * 3


def test_pause_does_not_shorten_what_the_platform_asked_for(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))
    stage.hold(NOON + 10 * MINUTE)
    stage.pause()
    stage.resume()

    stage.run_for(20 * MINUTE)

    assert [at for at, _ in sink.calls] == [NOON + 10 * MINUTE]


def test_trial_that_fails_pauses_again(stage: Stage) -> None:
    sink = stage.serve(ScriptedSink(fail_with(InvalidCredentials("token refused"))))
    stage.set(batching=SMALL)
    stage.enqueue(range(40))
    stage.change(lambda state: paused(state, PauseReason.CREDENTIALS, "token refused", now=NOON))

    stage.resume()
    stage.run_for(MINUTE)

    assert len(sink.calls) == 1
    assert stage.flow().paused is PauseReason.CREDENTIALS
    assert stage.tally().states == {PENDING: 40}


def test_resuming_does_not_wait_for_an_open_circuit(stage: Stage) -> None:
    down = Unavailable("gateway down", code="503")
    sink = stage.serve(ScriptedSink(in_turn(fail_with(down), accept)))
    stage.set(breaker=BreakerPolicy(threshold=1))
    stage.enqueue(range(200))
    stage.set(max_in_flight=1)
    stage.run_for(0.1 * SECOND)
    stage.hold(NOON + 60 * MINUTE)

    stage.resume()
    stage.run_for(MINUTE)

    assert len(sink.calls) == 3
    assert stage.tally().states == {DELIVERED: 200}


def test_pause_survives_a_restart(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))
    stage.pause()

    stage.restarted().run_for(MINUTE)

    assert sink.calls == []


def test_pause_of_one_connection_holds_up_no_other(stage: Stage) -> None:
    stage.serve(MemorySink(), "paused")
    sound = stage.serve(MemorySink(), "sound")
    for name in ("paused", "sound"):
        stage.enqueue(range(300), name)
    stage.pause("paused")

    stage.drain()

    assert len(sound.calls) == 3
    assert stage.tally("paused").states == {PENDING: 300}


def test_woken_relay_looks_at_once(stage: Stage) -> None:
    workers = InlineWorkers[Delivery](stage.clock)
    stage.workers = workers
    sink = stage.serve(MemorySink())
    relay = stage.relay()

    with stage.store.bell.listen(workers.wake):
        stage.enqueue(range(100))
        relay.turn(poll=60 * MINUTE)
        relay.turn(poll=60 * MINUTE)

    assert sink.calls == [(NOON, 100)]


def test_ring_ends_a_long_wait(stage: Stage) -> None:
    workers = InlineWorkers[Delivery](stage.clock)
    stage.workers = workers
    stage.serve(MemorySink())
    relay = stage.relay()

    with stage.store.bell.listen(workers.wake):
        stage.enqueue(range(5))
        relay.turn(poll=60 * MINUTE)

    assert stage.clock.now() == NOON

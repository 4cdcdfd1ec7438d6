"""What the relay does when the platform does not answer as wished."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import (
    HEALTHY,
    BreakerPolicy,
    ConnectionState,
    PauseReason,
)
from petiole.core.domain.events import (
    BatchSettled,
    ConnectionHeld,
    ConnectionPaused,
    MessageBuried,
)
from petiole.core.domain.message import MessageState
from petiole.core.domain.report import ACCEPTED, Deferred
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    Throttled,
    Timeout,
    Unavailable,
)
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND, change, person

DELIVERED, DEAD, PENDING, PARKED = (
    MessageState.DELIVERED,
    MessageState.DEAD,
    MessageState.PENDING,
    MessageState.PARKED,
)
DOWN = Unavailable("gateway down", code="503")
ONE_BY_ONE = BatchPolicy(max_profiles=1)
SMALL = BatchPolicy(max_profiles=10)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


def failing(*errors: DeliveryError | None) -> ScriptedSink:
    """Fail in turn as listed; `None` and everything after the list is accepted."""
    return ScriptedSink(in_turn(*(fail_with(e) if e else accept for e in errors), accept))


def attempts(stage: Stage) -> set[int]:
    return {row.attempts for row in stage.state.rows.values()}


def test_throttled_connection_is_held_until_the_moment_that_was_asked_for(stage: Stage) -> None:
    sink = stage.serve(failing(Throttled("slow down", retry_after=90 * SECOND)))
    stage.enqueue(range(100))

    stage.run_for(5 * MINUTE)

    assert sink.calls == [(NOON, 100), (NOON + 90 * SECOND, 100)]
    (held,) = stage.observer.of(ConnectionHeld)
    assert (held.until, held.reason) == (NOON + 90 * SECOND, "slow down")


def test_throttled_batch_spends_no_attempt(stage: Stage) -> None:
    stage.serve(failing(Throttled("slow down", retry_after=90 * SECOND)))
    stage.enqueue(range(100))

    stage.drain()

    assert attempts(stage) == {0}
    assert stage.tally()[PENDING] == 100


def test_throttling_never_buries(stage: Stage) -> None:
    throttled = Throttled("slow down", retry_after=MINUTE)
    sink = stage.serve(failing(*[throttled] * 40))
    stage.enqueue(range(100))

    stage.drain(patience=5 * MINUTE)

    assert len(sink.calls) == 41
    assert stage.tally().states == {DELIVERED: 100}


def test_held_connection_sends_one_batch_first_and_then_the_rest(stage: Stage) -> None:
    sink = stage.serve(failing(Throttled("slow down", retry_after=MINUTE)))
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 3 * SECOND})
    stage.set(max_in_flight=2, batching=SMALL)
    stage.enqueue(range(40))

    stage.drain(patience=5 * MINUTE)

    probe = NOON + 3 * SECOND + MINUTE
    rest = probe + 3 * SECOND
    assert [at for at, _ in sink.calls] == [NOON, NOON, probe, rest, rest]
    assert stage.flow() == HEALTHY


def test_success_that_was_under_way_does_not_shorten_the_hold(stage: Stage) -> None:
    sink = stage.serve(failing(Throttled("slow down", retry_after=MINUTE), None, None))
    stage.set(max_in_flight=3, batching=SMALL)
    stage.enqueue(range(60))

    stage.drain()

    assert [at for at, _ in sink.calls] == [NOON] * 3
    assert stage.flow().open_until == NOON + MINUTE


def test_failed_batch_is_tried_again_together_after_its_backoff(stage: Stage) -> None:
    sink = stage.serve(failing(DOWN, DOWN, DOWN))
    stage.enqueue(range(37))

    stage.drain(flush=True, patience=MINUTE)

    # Half of 1, 2 and 4 seconds.
    later = [NOON + seconds * SECOND for seconds in (0, 0.5, 1.5, 3.5)]
    assert sink.calls == [(at, 37) for at in later]
    assert stage.tally().states == {DELIVERED: 37}


def test_moment_of_the_next_try_survives_a_restart(stage: Stage) -> None:
    sink = stage.serve(failing(DOWN))
    stage.set(retry=RetryPolicy(base=10 * MINUTE))
    stage.enqueue(range(100))

    stage.run_for(MINUTE)
    stage.restarted().run_for(10 * MINUTE)

    assert sink.calls == [(NOON, 100), (NOON + 5 * MINUTE, 100)]


def test_failed_batch_is_told_with_its_next_try(stage: Stage) -> None:
    stage.serve(failing(DOWN))
    stage.enqueue(range(3))

    stage.drain(flush=True)

    (settled,) = stage.observer.of(BatchSettled)
    assert (settled.retried, settled.error) == (3, "503: gateway down")
    assert settled.retry_at == NOON + 0.5 * SECOND


def test_message_out_of_tries_is_buried_with_the_words_of_the_platform(stage: Stage) -> None:
    sink = stage.serve(failing(*[DOWN] * 50))
    stage.set(retry=RetryPolicy(max_attempts=3), breaker=BreakerPolicy(threshold=99))
    stage.enqueue([7])

    stage.drain(flush=True, patience=MINUTE)

    assert len(sink.calls) == 3
    (letter,) = stage.letters()
    assert (letter.code, letter.attempts) == ("503", 3)
    assert letter.reason == "gateway down (gave up after 3 attempts)"
    assert len(stage.observer.of(MessageBuried)) == 1


def test_message_out_of_time_is_buried(stage: Stage) -> None:
    stage.serve(failing(*[DOWN] * 50))
    stage.set(
        retry=RetryPolicy(max_age=2 * SECOND, min_attempts=1), breaker=BreakerPolicy(threshold=99)
    )
    stage.enqueue([7])

    stage.drain(flush=True, patience=MINUTE)

    assert stage.tally().states == {DEAD: 1}
    assert stage.clock.now() <= NOON + 2 * SECOND


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (InvalidCredentials("token refused"), PauseReason.CREDENTIALS),
        (EndpointRefused("404 at this address"), PauseReason.ENDPOINT),
    ],
)
def test_refusal_of_the_connection_pauses_it_and_buries_nothing(
    stage: Stage, error: DeliveryError, why: PauseReason
) -> None:
    sink = stage.serve(ScriptedSink(fail_with(error)))
    stage.enqueue(range(300))

    stage.run_for(30 * MINUTE)

    assert len(sink.calls) == 3  # those that were in the air together
    assert stage.tally().states == {PENDING: 300}
    assert attempts(stage) == {0}
    (told,) = stage.observer.of(ConnectionPaused)
    assert (told.why, told.reason) == (why, error.reason)


def test_resumed_connection_probes_with_one_batch_and_delivers_the_rest(stage: Stage) -> None:
    script = ScriptedSink(fail_with(InvalidCredentials("token refused")))
    sink = stage.serve(script)
    stage.enqueue(range(300))
    stage.drain()
    sink.calls.clear()
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})

    script.answer = accept
    stage.resume()
    stage.drain()

    resumed = sink.calls[0][0]
    assert [at - resumed for at, _ in sink.calls] == [0 * SECOND, SECOND, SECOND]
    assert stage.flow() == HEALTHY


def test_circuit_opens_after_failures_in_a_row_and_probes_with_one_batch(stage: Stage) -> None:
    sink = stage.serve(failing(*[DOWN] * 4))
    stage.set(
        max_in_flight=3,
        batching=SMALL,
        breaker=BreakerPolicy(threshold=3, pace=RetryPolicy(base=MINUTE)),
    )
    stage.enqueue(range(60))

    stage.drain(patience=5 * MINUTE)

    opened, again = NOON + 30 * SECOND, NOON + 90 * SECOND
    moments = [at for at, _ in sink.calls]
    assert moments[:5] == [NOON, NOON, NOON, opened, again]
    assert set(moments[5:]) == {again}
    assert len(moments) == 3 + 1 + 6
    assert stage.flow() == HEALTHY
    assert stage.tally().states == {DELIVERED: 60}


def test_open_circuit_survives_a_restart(stage: Stage) -> None:
    sink = stage.serve(failing(DOWN))
    stage.set(breaker=BreakerPolicy(threshold=1, pace=RetryPolicy(base=10 * MINUTE)))
    stage.enqueue(range(100))

    stage.drain()
    stage.restarted().run_for(10 * MINUTE)

    assert sink.calls == [(NOON, 100), (NOON + 5 * MINUTE, 100)]


def test_connection_that_the_operator_paused_sends_nothing(stage: Stage) -> None:
    sink = stage.serve(ScriptedSink())
    stage.enqueue(range(300))
    state = stage.pause()

    stage.drain(flush=True, patience=timedelta(days=1))

    assert sink.calls == []
    assert stage.flow() == state


def test_pause_by_the_operator_outlives_what_was_in_the_air(stage: Stage) -> None:
    stage.serve(failing(None, InvalidCredentials("token refused"), DOWN))
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: MINUTE})
    stage.set(batching=SMALL)
    stage.enqueue(range(30))

    def pause_meanwhile() -> bool:
        if stage.clock.now() > NOON and not stage.flow().paused:
            stage.pause()
        return False

    stage.relay().drain(flush=False, patience=timedelta(), until=pause_meanwhile)

    assert (stage.flow().paused, stage.flow().paused_by) == (PauseReason.OPERATOR, "Noor")
    assert stage.tally().states == {DELIVERED: 10, PENDING: 20}


def test_deferred_message_waits_until_its_moment_and_spends_no_attempt(stage: Stage) -> None:
    platform = MemorySink()
    sink = stage.serve(platform)
    stage.enqueue(range(100))
    platform.answer(person(3), Deferred(NOON + 30 * MINUTE, "customer is locked"))

    stage.drain()
    spent = attempts(stage)
    platform.answer(person(3), ACCEPTED)
    stage.run_for(60 * MINUTE)

    assert spent == {0, 1}
    assert sink.calls == [(NOON, 100), (NOON + 30 * MINUTE, 1)]


def test_ambiguous_batch_is_sent_again_and_that_is_told(stage: Stage) -> None:
    stage.serve(failing(Ambiguous("cut off", code="Timeout")))
    stage.enqueue(range(5))

    stage.drain(flush=True, patience=MINUTE)

    first, second = stage.observer.of(BatchSettled)
    assert (first.resent, first.retried) == (5, 5)
    assert (second.resent, sum(second.delivered.values())) == (0, 5)


def test_parked_message_keeps_its_profile_waiting_and_no_other(stage: Stage) -> None:
    sink = stage.serve(failing(Ambiguous("cut off")))
    stage.set(ambiguity=AmbiguityPolicy.PARK)
    stage.enqueue_changes([change(7)])
    stage.drain(flush=True)

    stage.enqueue_changes([change(7), change(8)])
    stage.drain(flush=True, patience=timedelta(days=2))

    assert [size for _, size in sink.calls] == [1, 1]
    assert stage.tally().states == {PARKED: 1, PENDING: 1, DELIVERED: 1}
    (settled, _) = stage.observer.of(BatchSettled)
    assert (settled.parked, settled.resent) == (1, 0)


def test_slow_connection_holds_up_no_other(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {"slow": 10 * MINUTE, "quick": SECOND})
    slow, quick = stage.serve(MemorySink(), "slow"), stage.serve(MemorySink(), "quick")
    for name in ("slow", "quick"):
        stage.set(name, max_in_flight=1)
        stage.enqueue(range(300), name)

    stage.drain()

    assert [at for at, _ in quick.calls] == [NOON + n * SECOND for n in range(3)]
    assert [at for at, _ in slow.calls] == [NOON + n * 10 * MINUTE for n in range(3)]


@pytest.mark.parametrize(
    "error", [KeyError("bug"), Timeout("no answer"), InvalidCredentials("token refused")]
)
def test_broken_connection_holds_up_no_other(stage: Stage, error: Exception) -> None:
    stage.serve(ScriptedSink(fail_with(error)), "broken")
    sound = stage.serve(MemorySink(), "sound")
    for name in ("broken", "sound"):
        stage.set(name, batching=ONE_BY_ONE, max_in_flight=1)
    moments: list[datetime] = []
    for number in range(5):
        stage.enqueue([number], "broken")
        stage.enqueue([number], "sound")
        moments.append(stage.clock.now())
        stage.run_for(MINUTE)

    assert [at for at, _ in sound.calls] == moments
    assert stage.tally("broken").balanced
    assert stage.tally("broken")[DELIVERED] == 0


def test_connection_never_heard_of_is_healthy(stage: Stage) -> None:
    assert stage.flow("never-seen") == ConnectionState()

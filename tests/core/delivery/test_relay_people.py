"""What the relay does when people pause, resume, edit and decide."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import InlineWorkers, MemorySink
from petiole.core.delivery.landing import Delivery
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import HEALTHY, BreakerPolicy, Hold, PauseReason
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decided, Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Rejected
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import Ambiguous, InvalidCredentials, Unavailable
from petiole.core.exchange import Exchange
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND, change, person, scope

UPDATE = ChangeKind.UPDATE
DEAD, DELIVERED, ERASED, PARKED, PENDING = (
    MessageState.DEAD,
    MessageState.DELIVERED,
    MessageState.ERASED,
    MessageState.PARKED,
    MessageState.PENDING,
)
SMALL = BatchPolicy(max_profiles=10)
REFUSED = Rejected("105", "no such column")


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
    stage.pause()
    stage.run_for(MINUTE)

    stage.resume()
    trial = stage.flow()
    stage.run_for(5 * MINUTE)

    assert trial.hold is Hold.TRIAL
    assert workers.busiest == 3
    began = NOON + MINUTE
    assert [at for at, _ in sink.calls] == [began] + [began + MINUTE] * 3
    assert stage.flow() == HEALTHY


def test_trial_that_fails_pauses_again(stage: Stage) -> None:
    sink = stage.serve(ScriptedSink(fail_with(InvalidCredentials("token refused"))))
    stage.set(batching=SMALL)
    stage.enqueue(range(40))
    stage.pause()

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


def test_buried_change_holds_its_profile_where_the_connection_says_so(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), REFUSED)
    timed = stage.serve(sink)
    stage.set(hold_dead=True)
    stage.enqueue_changes([change(3), change(3, UPDATE), change(4)])

    stage.drain(flush=True, patience=timedelta(days=1))

    assert [size for _, size in timed.calls] == [2]
    assert stage.tally().states == {DEAD: 1, PENDING: 1, DELIVERED: 1}


@pytest.mark.parametrize(
    ("decision", "sent"),
    [(Decision.RESEND, ["add", "update"]), (Decision.DISCARD, ["update"])],
)
def test_held_profile_goes_on_once_a_person_has_decided(
    stage: Stage, decision: Decision, sent: list[str]
) -> None:
    sink = MemorySink()
    sink.answer(person(3), REFUSED)
    stage.serve(sink)
    stage.set(hold_dead=True)
    stage.enqueue_changes([change(3), change(3, UPDATE)])
    stage.drain(flush=True)
    sink.answer(person(3), ACCEPTED)
    sink.deliveries.clear()

    told = stage.decide(decision)
    stage.drain(flush=True)

    assert told == Decided(moved=1)
    assert [m.change.kind for call in sink.deliveries for m in call] == sent


def test_edited_message_is_sent_as_it_was_edited(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), REFUSED)
    stage.serve(sink)
    stage.enqueue_changes([change(3, fields={"birthdate": "soon", "city": "Delft"})])
    stage.drain(flush=True)
    [letter] = stage.letters()
    sink.answer(person(3), ACCEPTED)

    stage.store.dead_letters.edit(letter.id, Fields.of({"birthdate": None}), by="Noor")
    stage.decide(Decision.RESEND)
    stage.drain(flush=True)

    assert sink.profiles[scope().segment, person(3)] == Fields.of({"city": "Delft"})
    assert stage.tally().states == {DELIVERED: 1}


def test_redriven_message_that_is_refused_again_is_a_letter_again(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), REFUSED)
    stage.serve(sink)
    stage.enqueue([3])
    stage.drain(flush=True)

    stage.decide(Decision.RESEND)
    stage.drain(flush=True)

    [letter] = stage.letters()
    assert (letter.attempts, letter.code) == (1, "105")


def test_redriven_message_is_not_sent_over_what_was_delivered_meanwhile(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), REFUSED)
    timed = stage.serve(sink)
    stage.enqueue([3])
    stage.drain(flush=True)
    sink.answer(person(3), ACCEPTED)
    stage.enqueue_changes([change(3, UPDATE, within=scope(account=NEWSLETTER))])
    stage.drain(flush=True)

    told = stage.decide(Decision.RESEND)
    stage.drain(flush=True)

    assert told == Decided(superseded=1)
    assert len(timed.calls) == 2


@pytest.mark.parametrize(
    ("decision", "calls", "end"),
    [
        (Decision.RESEND, 3, DELIVERED),
        (Decision.ARRIVED, 2, DELIVERED),
        (Decision.DISCARD, 2, ERASED),
    ],
)
def test_parked_profile_goes_on_once_a_person_has_decided(
    stage: Stage, decision: Decision, calls: int, end: MessageState
) -> None:
    sink = stage.serve(ScriptedSink(in_turn(fail_with(Ambiguous("cut off")), accept)))
    stage.set(ambiguity=AmbiguityPolicy.PARK)
    stage.enqueue_changes([change(7), change(7, UPDATE)])
    stage.drain(flush=True)

    stage.decide(decision, PARKED)
    stage.drain(flush=True)

    assert len(sink.calls) == calls
    assert stage.state.rows[MessageId(1)].state is end
    assert stage.tally().open == 0


def test_letters_of_one_cause_are_redriven_together(stage: Stage) -> None:
    sink = MemorySink()
    for number in range(5):
        sink.answer(person(number), Rejected("105", f"no such column 'c{number}'"))
    sink.answer(person(5), Rejected("105", "customer is locked"))
    stage.serve(sink)
    stage.enqueue(range(6))
    stage.drain(flush=True)
    largest, other = stage.store.dead_letters.groups(LetterSelection())

    told = stage.store.dead_letters.decide(
        LetterSelection(failure=largest.failure), Decision.DISCARD, by="Noor"
    )

    assert (largest.letters, other.letters) == (5, 1)
    assert told.moved == 5


def test_life_of_a_profile_tells_what_was_said(stage: Stage) -> None:
    said = [Exchange(request="POST /receiver", answer=status) for status in ("503", "200")]
    down = Unavailable("gateway down", code="503")
    down.exchange = said[0]
    stage.serve(
        ScriptedSink(
            in_turn(
                fail_with(down),
                lambda messages: DeliveryReport(accept(messages).outcomes, exchange=said[1]),
            )
        )
    )
    stage.enqueue([7])

    stage.drain(flush=True, patience=MINUTE)

    where = scope(account=NEWSLETTER)
    life = stage.store.history.life(where.account, where.connection, person(7))
    assert [happening.step for happening in life] == [
        Step.ENQUEUED,
        Step.SENT,
        Step.RETRY,
        Step.SENT,
        Step.DELIVERED,
    ]
    assert [list(told.exchanges) for told in life if told.step is Step.SENT] == [
        [exchange] for exchange in said
    ]
    assert life[2].told == "503: gateway down"


def test_calls_of_the_day_are_kept(stage: Stage) -> None:
    stage.serve(ScriptedSink(in_turn(fail_with(Unavailable("down")), accept)))
    stage.enqueue(range(200))

    stage.drain(patience=MINUTE)

    assert stage.store.bookkeeping.calls([NEWSLETTER], NOON) == 3

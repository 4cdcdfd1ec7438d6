"""What the relay does when people edit letters and decide about them."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decided, Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.report import ACCEPTED, DeliveryReport, Rejected
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import Ambiguous, Unavailable
from petiole.core.exchange import Exchange
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, Stage
from tests.core.profiles import MINUTE, NOON, change, person, scope

UPDATE = ChangeKind.UPDATE
DEAD, DELIVERED, ERASED, PARKED, PENDING = (
    MessageState.DEAD,
    MessageState.DELIVERED,
    MessageState.ERASED,
    MessageState.PARKED,
    MessageState.PENDING,
)
REFUSED = Rejected("105", "no such column")


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


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

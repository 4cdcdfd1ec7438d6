"""How long an attempt may call, and what it keeps of its calls."""

from collections.abc import Callable, Sequence

from petiole.core.delivery.attempt import (
    MOST_EXCHANGES,
    Answered,
    Attempt,
    Failed,
    Unsent,
    attempt,
)
from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport, Rejected
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import Ambiguous, DeliveryError, MalformedRequest
from petiole.core.exchange import Exchange
from tests.core.delivery.scripted_sink import (
    ScriptedSink,
    ScriptedVerifyingSink,
    accept,
    fail_with,
    in_turn,
    refuse,
)
from tests.core.profiles import batch

RESEND = AmbiguityPolicy.RESEND
REFUSAL = MalformedRequest("'birthdate' is no date", code="400")
CUT_OFF = Ambiguous("cut off", code="Timeout")


def delivered(sink: ScriptedSink, size: int = 4) -> Attempt:
    return attempt(sink, batch(size), ambiguity=RESEND)


def answered(course: Attempt) -> set[int]:
    return {m.id for piece in course.pieces if isinstance(piece, Answered) for m in piece.messages}


def failed(course: Attempt) -> dict[int, DeliveryError]:
    return {
        message.id: piece.error
        for piece in course.pieces
        if isinstance(piece, Failed)
        for message in piece.messages
    }


def running_out(calls: int) -> Callable[[], bool]:
    """Let so many calls begin before the lease is about to end."""
    left = iter([True] * calls)
    return lambda: next(left, False)


def unsent(course: Attempt) -> set[int]:
    return {m.id for piece in course.pieces if isinstance(piece, Unsent) for m in piece.messages}


def test_recovered_batch_with_no_time_left_is_neither_sent_nor_judged() -> None:
    sink = ScriptedSink()
    recovered = batch(4, recovered=True)

    course = attempt(sink, recovered, ambiguity=RESEND, may_send=running_out(0))

    assert (unsent(course), course.repeated, sink.calls) == ({1, 2, 3, 4}, 0, [])


def test_claim_that_has_become_stale_sends_nothing() -> None:
    sink = ScriptedSink()

    course = attempt(sink, batch(4), ambiguity=RESEND, may_send=running_out(0))

    assert sink.calls == []
    assert course.calls == 0
    assert unsent(course) == {1, 2, 3, 4}


def test_search_for_a_culprit_ends_with_the_lease() -> None:
    sink = ScriptedSink(refuse({3}, REFUSAL))

    course = attempt(sink, batch(4), ambiguity=RESEND, may_send=running_out(2))

    assert sink.calls == [[1, 2, 3, 4], [1, 2]]
    assert answered(course) == {1, 2}
    assert unsent(course) == {3, 4}
    assert failed(course) == {}


def test_nothing_is_read_back_after_the_lease() -> None:
    sink = ScriptedVerifyingSink(fail_with(CUT_OFF), reading=accept)

    course = attempt(sink, batch(4), ambiguity=RESEND, may_send=running_out(1))

    assert sink.readings == []
    assert failed(course) == dict.fromkeys([1, 2, 3, 4], CUT_OFF)


def told(number: int) -> Exchange:
    return Exchange(request=f"call {number}", answer="200")


def test_calls_are_kept_with_what_was_said() -> None:
    refusal = MalformedRequest("no date", code="400")
    refusal.exchange = told(1)
    accepting = [
        lambda messages, n=number: DeliveryReport(accept(messages).outcomes, exchange=told(n))
        for number in (2, 3)
    ]
    sink = ScriptedSink(in_turn(fail_with(refusal), *accepting))

    course = delivered(sink, 2)

    assert course.exchanges == [told(1), told(2), told(3)]


def test_first_calls_of_a_long_row_are_kept_and_the_last_one() -> None:
    def answer(_: Sequence[Message]) -> DeliveryReport:
        refusal = MalformedRequest("no date", code="400")
        refusal.exchange = told(len(sink.calls))
        raise refusal

    sink = ScriptedSink(answer)

    course = delivered(sink, 16)

    assert course.calls > MOST_EXCHANGES
    kept = [*range(1, MOST_EXCHANGES), course.calls]
    assert course.exchanges == [told(number) for number in kept]


def test_sink_that_keeps_no_record_leaves_none() -> None:
    assert delivered(ScriptedSink()).exchanges == []


def test_refusal_by_the_sink_itself_counts_no_call() -> None:
    def refused_here(messages: Sequence[Message]) -> DeliveryReport:
        return DeliveryReport(
            {each.id: Rejected("400", "not sent") for each in messages}, sent=False
        )

    course = delivered(ScriptedSink(refused_here))

    assert (course.calls, answered(course)) == (0, {1, 2, 3, 4})

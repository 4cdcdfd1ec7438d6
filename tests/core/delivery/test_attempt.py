import logging
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.delivery.attempt import (
    Answered,
    Attempt,
    Failed,
    attempt,
)
from petiole.core.domain.message import Message
from petiole.core.domain.report import DeliveryReport
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    MissingSecret,
    Throttled,
    Timeout,
    Unavailable,
)
from tests.core.delivery.scripted_sink import (
    Answer,
    ScriptedSink,
    ScriptedVerifyingSink,
    accept,
    accept_only,
    fail_with,
    in_turn,
    refuse,
)
from tests.core.profiles import batch

RESEND, PARK = AmbiguityPolicy.RESEND, AmbiguityPolicy.PARK
REFUSAL = MalformedRequest("'birthdate' is no date", code="400")
CUT_OFF = Ambiguous("cut off", code="Timeout")


def delivered(
    sink: ScriptedSink,
    size: int = 4,
    *,
    ambiguity: AmbiguityPolicy = RESEND,
    recovered: bool = False,
) -> Attempt:
    return attempt(sink, batch(size, recovered=recovered), ambiguity=ambiguity)


def answered(course: Attempt) -> set[int]:
    return {m.id for piece in course.pieces if isinstance(piece, Answered) for m in piece.messages}


def failed(course: Attempt) -> dict[int, DeliveryError]:
    return {
        message.id: piece.error
        for piece in course.pieces
        if isinstance(piece, Failed)
        for message in piece.messages
    }


def test_batch_is_delivered_in_one_call() -> None:
    sink = ScriptedSink()

    course = delivered(sink)

    assert sink.calls == [[1, 2, 3, 4]]
    assert answered(course) == {1, 2, 3, 4}
    assert (course.calls, course.repeated) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [
        Timeout("no answer"),
        Unavailable("503"),
        Throttled("slow down"),
        CUT_OFF,
        InvalidCredentials("token refused"),
        EndpointRefused("404"),
    ],
)
def test_batch_that_was_not_answered_fails_as_one(error: DeliveryError) -> None:
    course = delivered(ScriptedSink(fail_with(error)))

    assert failed(course) == dict.fromkeys([1, 2, 3, 4], error)
    assert course.calls == 1


def test_message_that_the_report_leaves_out_is_no_success() -> None:
    course = delivered(ScriptedSink(accept_only(1, 3)))

    assert answered(course) == {1, 3}
    assert failed(course).keys() == {2, 4}
    assert all(isinstance(error, Ambiguous) for error in failed(course).values())


def test_report_on_foreign_messages_is_not_believed() -> None:
    course = delivered(ScriptedSink(accept_only(1, 2, 3, 99)))

    assert answered(course) == {1, 2, 3}
    assert failed(course).keys() == {4}


def test_unforeseen_exception_is_ambiguous(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        course = delivered(ScriptedSink(fail_with(KeyError("status"))))

    assert failed(course).keys() == {1, 2, 3, 4}
    assert str(failed(course)[1]) == "the adapter failed with KeyError; see the log"
    assert "unforeseen" in caplog.text


@pytest.mark.parametrize("nonsense", [None, "ok", {1: "ok"}], ids=str)
def test_answer_that_is_no_report_is_ambiguous(nonsense: object) -> None:
    def answer(_: object) -> DeliveryReport:
        return nonsense  # type: ignore[return-value]

    course = delivered(ScriptedSink(answer))

    told = failed(course)[1]
    assert isinstance(told, Ambiguous)
    assert f"returned a {type(nonsense).__name__} where a DeliveryReport belongs" in told.reason


def test_outcome_that_is_none_is_no_outcome() -> None:
    def answer(messages: Sequence[Message]) -> DeliveryReport:
        return DeliveryReport({message.id: "ok" for message in messages})  # type: ignore[misc] # wrong on purpose

    course = delivered(ScriptedSink(answer))

    assert isinstance(failed(course)[1], Ambiguous)


def test_secret_that_went_missing_counts_as_invalid_credentials() -> None:
    course = delivered(ScriptedSink(fail_with(MissingSecret("the variable X is not set"))))

    error = failed(course)[1]
    assert isinstance(error, InvalidCredentials)
    assert error.reason == "the variable X is not set"


def test_culprit_is_found_and_the_others_are_delivered() -> None:
    sink = ScriptedSink(refuse({3}, REFUSAL))

    course = delivered(sink)

    assert sink.calls == [[1, 2, 3, 4], [1, 2], [3], [4]]
    assert answered(course) == {1, 2, 4}
    assert failed(course) == {3: REFUSAL}


def test_single_message_that_is_refused_needs_no_second_call() -> None:
    course = delivered(ScriptedSink(fail_with(REFUSAL)), size=1)

    assert failed(course) == {1: REFUSAL}
    assert course.calls == 1


@st.composite
def crime_scenes(draw: st.DrawFn) -> tuple[int, set[int]]:
    size = draw(st.integers(1, 120))
    return size, draw(st.sets(st.integers(1, size), min_size=1, max_size=5))


@given(crime_scenes())
def test_culprits_are_found_in_few_calls(scene: tuple[int, set[int]]) -> None:
    size, culprits = scene
    sink = ScriptedSink(refuse(culprits, REFUSAL))

    course = delivered(sink, size)

    assert course.calls == len(sink.calls)
    assert course.calls - 1 <= len(culprits) * (2 * math.log2(size) + 1)
    assert failed(course) == dict.fromkeys(culprits, REFUSAL)
    assert answered(course) == set(range(1, size + 1)) - culprits


@pytest.mark.parametrize("size", [5, 9, 65, 100])
def test_worst_placed_culprit_keeps_within_the_bound(size: int) -> None:
    extra = [
        delivered(ScriptedSink(refuse({culprit}, REFUSAL)), size).calls - 1
        for culprit in range(1, size + 1)
    ]

    assert max(extra) <= 2 * math.log2(size) + 1


def test_batch_that_is_only_too_long_is_delivered_in_shorter_ones() -> None:
    def answer(messages: object) -> DeliveryReport:
        if len(sink.calls[-1]) > 30:
            raise MalformedRequest("too many records", code="413")
        return DeliveryReport(accept(batch(100).messages).outcomes)

    sink = ScriptedSink(answer)

    course = delivered(sink, 100)

    assert answered(course) == set(range(1, 101))
    assert not failed(course)


@pytest.mark.parametrize(
    "error",
    [Throttled("slow down"), InvalidCredentials("token refused"), EndpointRefused("404")],
)
def test_search_stops_where_nothing_more_may_be_sent(error: DeliveryError) -> None:
    sink = ScriptedSink(in_turn(fail_with(REFUSAL), accept, fail_with(error), accept))

    course = delivered(sink, 8)

    assert sink.calls == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4], [5, 6]]
    assert answered(course) == {1, 2, 3, 4}
    assert failed(course) == dict.fromkeys([5, 6, 7, 8], error)


def test_search_goes_on_after_a_passing_trouble() -> None:
    down = Unavailable("503")
    sink = ScriptedSink(in_turn(fail_with(REFUSAL), fail_with(down), accept))

    course = delivered(sink, 4)

    assert failed(course) == {1: down, 2: down}
    assert answered(course) == {3, 4}


def test_doubt_is_settled_by_reading_back() -> None:
    sink = ScriptedVerifyingSink(fail_with(CUT_OFF), reading=accept_only(1, 2, 99))

    course = delivered(sink)

    assert sink.readings == [[1, 2, 3, 4]]
    assert answered(course) == {1, 2}
    assert failed(course).keys() == {3, 4}
    assert course.calls == 2


@pytest.mark.parametrize("ambiguity", AmbiguityPolicy)
def test_what_reading_back_misses_was_surely_not_applied(ambiguity: AmbiguityPolicy) -> None:
    sink = ScriptedVerifyingSink(fail_with(CUT_OFF), reading=accept_only())

    course = delivered(sink, ambiguity=ambiguity)

    error = failed(course)[1]
    assert isinstance(error, Timeout)
    assert (error.code, error.reason) == ("Timeout", "cut off; read back: not applied")


@pytest.mark.parametrize(
    "trouble", [Timeout("no answer"), KeyError("status"), MissingSecret("no token")]
)
def test_doubt_remains_where_reading_back_fails(trouble: Exception) -> None:
    sink = ScriptedVerifyingSink(fail_with(CUT_OFF), reading=fail_with(trouble))

    course = delivered(sink)

    assert failed(course) == dict.fromkeys([1, 2, 3, 4], CUT_OFF)


def test_message_that_the_report_leaves_out_is_read_back() -> None:
    sink = ScriptedVerifyingSink(accept_only(1, 2), reading=accept_only(3))

    course = delivered(sink)

    assert sink.readings == [[3, 4]]
    assert answered(course) == {1, 2, 3}
    assert isinstance(failed(course)[4], Timeout)


def test_recovered_batch_is_sent_again_and_that_is_counted() -> None:
    sink = ScriptedSink()

    course = delivered(sink, recovered=True)

    assert sink.calls == [[1, 2, 3, 4]]
    assert answered(course) == {1, 2, 3, 4}
    assert course.repeated == 4


def test_recovered_batch_is_not_sent_where_doubt_is_parked() -> None:
    sink = ScriptedSink()

    course = delivered(sink, recovered=True, ambiguity=PARK)

    assert sink.calls == []
    assert course.calls == course.repeated == 0
    assert all(isinstance(error, Ambiguous) for error in failed(course).values())
    assert failed(course).keys() == {1, 2, 3, 4}


@pytest.mark.parametrize("ambiguity", AmbiguityPolicy)
def test_recovered_batch_is_read_back_and_only_the_rest_is_sent(ambiguity: AmbiguityPolicy) -> None:
    sink = ScriptedVerifyingSink(reading=accept_only(1, 4))

    course = delivered(sink, recovered=True, ambiguity=ambiguity)

    assert sink.calls == [[2, 3]]
    assert answered(course) == {1, 2, 3, 4}
    assert course.repeated == 0


def test_recovered_batch_that_arrived_whole_is_not_sent() -> None:
    sink = ScriptedVerifyingSink(reading=accept)

    course = delivered(sink, recovered=True)

    assert sink.calls == []
    assert answered(course) == {1, 2, 3, 4}


@pytest.mark.parametrize(("ambiguity", "sent"), [(RESEND, [[1, 2, 3, 4]]), (PARK, [])])
def test_recovered_batch_that_cannot_be_read_back_follows_the_policy(
    ambiguity: AmbiguityPolicy, sent: list[list[int]]
) -> None:
    sink = ScriptedVerifyingSink(reading=fail_with(Unavailable("503")))

    course = delivered(sink, recovered=True, ambiguity=ambiguity)

    assert sink.calls == sent
    assert course.repeated == sum(map(len, sent))


ERRORS: list[Exception] = [
    Timeout("no answer"),
    Throttled("slow down"),
    CUT_OFF,
    InvalidCredentials("token refused"),
    REFUSAL,
    ValueError("bug"),
]
ANSWERS = st.sampled_from([accept, accept_only(), accept_only(1, 2, 3), *map(fail_with, ERRORS)])


@given(
    size=st.integers(1, 9),
    answers=st.lists(ANSWERS, min_size=1, max_size=9),
    readings=st.lists(ANSWERS, min_size=1, max_size=9),
    recovered=st.booleans(),
    ambiguity=st.sampled_from(AmbiguityPolicy),
    verifying=st.booleans(),
)
def test_every_message_ends_in_exactly_one_piece(
    size: int,
    answers: list[Answer],
    readings: list[Answer],
    recovered: bool,  # noqa: FBT001 - hypothesis hands it in
    ambiguity: AmbiguityPolicy,
    verifying: bool,  # noqa: FBT001 - hypothesis hands it in
) -> None:
    script = in_turn(*answers)
    sink = (
        ScriptedVerifyingSink(script, reading=in_turn(*readings))
        if verifying
        else ScriptedSink(script)
    )

    course = delivered(sink, size, recovered=recovered, ambiguity=ambiguity)

    told = [message.id for piece in course.pieces for message in piece.messages]
    assert sorted(told) == list(range(1, size + 1))
    assert all(piece.messages for piece in course.pieces)


def test_recovered_batch_that_nothing_may_be_sent_of_stays_in_doubt() -> None:
    sink = ScriptedSink()

    course = attempt(sink, batch(2, recovered=True), ambiguity=PARK, may_send=lambda: False)

    assert not sink.calls
    assert {type(error) for error in failed(course).values()} == {Ambiguous}

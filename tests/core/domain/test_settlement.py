from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.report import ACCEPTED, Deferred, Rejected
from petiole.core.domain.settlement import (
    DELIVERED,
    AmbiguityPolicy,
    Bury,
    Defer,
    Park,
    Retry,
    Verdict,
    verdict_on_error,
    verdict_on_outcome,
)
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Permanent,
    Throttled,
    Timeout,
    Transient,
    Unavailable,
)
from tests.core.profiles import MINUTE, NOON, SECOND, message

RETRY = RetryPolicy(max_attempts=5, min_attempts=3, max_age=timedelta(hours=1))
DAY = timedelta(days=1)


def on_outcome(outcome: Deferred | Rejected) -> Verdict:
    return verdict_on_outcome(outcome, retry=RETRY, now=NOON)


def on_error(
    error: DeliveryError,
    *,
    attempt: int = 1,
    waited: timedelta = timedelta(0),
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.RESEND,
    fraction: float = 0.5,
) -> Verdict:
    return verdict_on_error(
        error,
        message(attempt=attempt, enqueued_at=NOON - waited),
        retry=RETRY,
        ambiguity=ambiguity,
        now=NOON,
        fraction=fraction,
    )


def test_accepted_message_is_delivered() -> None:
    assert verdict_on_outcome(ACCEPTED, retry=RETRY, now=NOON) is DELIVERED


def test_rejected_message_is_buried_with_the_words_of_the_platform() -> None:
    verdict = on_outcome(Rejected("105", "Column 'birthdate': no date"))

    assert verdict == Bury("105", "Column 'birthdate': no date")


def test_deferred_message_waits_until_its_moment() -> None:
    verdict = on_outcome(Deferred(NOON + MINUTE, "busy"))

    assert verdict == Defer(NOON + MINUTE, "busy")


@pytest.mark.parametrize("early", [timedelta(0), DAY, timedelta(days=700_000)])
def test_deferral_into_the_past_still_waits_a_little(early: timedelta) -> None:
    verdict = on_outcome(Deferred(NOON - early))

    assert verdict == Defer(NOON + RETRY.floor, "")


def test_deferral_beyond_a_day_is_looked_at_after_a_day() -> None:
    assert on_outcome(Deferred(NOON + 400 * DAY)) == Defer(NOON + DAY, "")


@pytest.mark.parametrize("kind", [Transient, Timeout, Unavailable])
def test_transient_trouble_is_tried_again_after_a_backoff(kind: type[DeliveryError]) -> None:
    verdict = on_error(kind("gateway down", code="503"), attempt=3)

    assert verdict == Retry(NOON + 2 * SECOND, "503", "gateway down")


@pytest.mark.parametrize(
    "error",
    [
        Throttled("slow down", retry_after=MINUTE),
        InvalidCredentials("slow down"),
        EndpointRefused("slow down"),
        Permanent("slow down"),
    ],
)
def test_trouble_of_the_whole_connection_costs_a_message_nothing(error: DeliveryError) -> None:
    verdict = on_error(error, attempt=RETRY.max_attempts, waited=10 * RETRY.max_age)

    assert verdict == Defer(None, "slow down")


def test_culprit_is_buried_with_the_words_of_the_platform() -> None:
    verdict = on_error(MalformedRequest("'birthdate' is no date", code="400"))

    assert verdict == Bury("400", "'birthdate' is no date")


def test_ambiguous_message_is_sent_again_by_default() -> None:
    verdict = on_error(Ambiguous("cut off", code="Timeout"))

    assert verdict == Retry(NOON + 0.5 * SECOND, "Timeout", "cut off")


def test_ambiguous_message_is_parked_where_the_connection_says_so() -> None:
    verdict = on_error(Ambiguous("cut off"), ambiguity=AmbiguityPolicy.PARK)

    assert verdict == Park("Other error", "cut off")


def test_parking_is_for_ambiguous_messages_only() -> None:
    verdict = on_error(Timeout("never sent"), ambiguity=AmbiguityPolicy.PARK)

    assert isinstance(verdict, Retry)


@pytest.mark.parametrize("error", [Unavailable("down", code="503"), Ambiguous("down", code="503")])
def test_last_attempt_buries(error: DeliveryError) -> None:
    assert isinstance(on_error(error, attempt=4), Retry)
    assert on_error(error, attempt=5) == Bury("503", "down (gave up after 5 attempts)")


def test_last_moment_buries() -> None:
    error = Unavailable("down", code="503")

    assert isinstance(on_error(error, attempt=3, waited=RETRY.max_age - 4 * SECOND), Retry)
    assert on_error(error, attempt=3, waited=RETRY.max_age) == Bury(
        "503", "down (gave up, 1:00:00 after it was enqueued)"
    )


@pytest.mark.parametrize("attempt", [1, 2])
def test_age_alone_buries_nothing_that_was_hardly_tried(attempt: int) -> None:
    error = Unavailable("down", code="503")

    assert isinstance(on_error(error, attempt=attempt, waited=3 * DAY), Retry)


@given(
    attempt=st.integers(RETRY.min_attempts, 9),
    waited=st.timedeltas(timedelta(0), 2 * RETRY.max_age),
    fraction=st.floats(0, 1, exclude_max=True),
)
def test_no_retry_is_promised_beyond_the_budget(
    attempt: int, waited: timedelta, fraction: float
) -> None:
    verdict = on_error(Timeout("down"), attempt=attempt, waited=waited, fraction=fraction)

    match verdict:
        case Retry(due_at):
            assert attempt < RETRY.max_attempts
            assert NOON < due_at <= NOON - waited + RETRY.max_age
        case _:
            assert isinstance(verdict, Bury)

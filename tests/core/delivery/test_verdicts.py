from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from petiole.core.delivery.attempt import Answered, Attempt, Failed, Piece, Unsent
from petiole.core.delivery.verdicts import Judgement, judge
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.breaker import (
    HEALTHY,
    BreakerPolicy,
    ConnectionState,
    Flow,
    PauseReason,
    paused,
)
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Deferred, Outcome, Rejected
from petiole.core.domain.settlement import (
    DELIVERED,
    AmbiguityPolicy,
    Bury,
    Defer,
    Park,
    Retry,
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
)
from tests.core.profiles import MINUTE, NOON, SECOND, message

RETRY = RetryPolicy()
BREAKER = BreakerPolicy(threshold=3, pace=RetryPolicy(base=2 * SECOND, ceiling=MINUTE))
OPEN = ConnectionState(failures=3, open_until=NOON + MINUTE, reason="no answer")
REFUSAL = MalformedRequest("'birthdate' is no date", code="400")


def judged(*pieces: Piece, ambiguity: AmbiguityPolicy = AmbiguityPolicy.RESEND) -> Judgement:
    course = Attempt(lambda: True, pieces=list(pieces), calls=1)
    return judge(course, retry=RETRY, ambiguity=ambiguity, now=NOON, fraction=0.5)


def accepted(*numbers: int) -> Answered:
    return Answered(messages(*numbers), {m.id: ACCEPTED for m in messages(*numbers)})


def messages(*numbers: int) -> Sequence[Message]:
    return [message(number) for number in numbers]


def after(*errors: DeliveryError, state: ConnectionState = HEALTHY) -> ConnectionState:
    pieces = [Failed(messages(number), error) for number, error in enumerate(errors, start=1)]
    judgement = judged(*pieces)
    return judgement.next_state(state, breaker=BREAKER, retry=RETRY, now=NOON, fraction=0.5)


def test_every_message_gets_the_verdict_on_its_own_answer() -> None:
    asked = messages(1, 2, 3)
    outcomes: dict[MessageId, Outcome] = {
        asked[0].id: ACCEPTED,
        asked[1].id: Rejected("105", "no such column"),
        asked[2].id: Deferred(NOON + MINUTE, "busy"),
    }

    judgement = judged(Answered(asked, outcomes), Failed(messages(4), REFUSAL))

    assert judgement.verdicts == {
        1: DELIVERED,
        2: Bury("105", "no such column"),
        3: Defer(NOON + MINUTE, "busy"),
        4: Bury("400", "'birthdate' is no date"),
    }


def test_sums_tell_what_became_of_the_batch() -> None:
    judgement = judged(
        accepted(1, 2),
        Answered(messages(3), {message(3).id: Rejected("105", "no such column")}),
        Failed(messages(4, 5), Timeout("no answer", code="Timeout")),
        Failed(messages(6), Throttled("slow down")),
    )

    assert [m.id for m in judgement.delivered] == [1, 2]
    assert [(m.id, bury.code) for m, bury in judgement.buried] == [(3, "105")]
    assert (judgement.retried, judgement.deferred, judgement.parked) == (2, 1, 0)
    assert judgement.doubtful == 0
    assert judgement.error == "Timeout: no answer"


def test_messages_that_failed_together_are_tried_again_together() -> None:
    judgement = judged(Failed(messages(1, 2, 3), Timeout("no answer")))

    due = {verdict.due_at for verdict in judgement.verdicts.values() if isinstance(verdict, Retry)}
    assert due == {NOON + 0.5 * SECOND} == {judgement.retry_at}


def test_resent_messages_that_may_have_arrived_are_counted() -> None:
    judgement = judged(Failed(messages(1, 2), Ambiguous("cut off")))

    assert (judgement.doubtful, judgement.retried, judgement.parked) == (2, 2, 0)


def test_parked_messages_are_not_sent_again() -> None:
    judgement = judged(Failed(messages(1, 2), Ambiguous("cut off")), ambiguity=AmbiguityPolicy.PARK)

    assert (judgement.doubtful, judgement.retried, judgement.parked) == (0, 0, 2)
    assert judgement.verdicts[message(1).id] == Park("Other error", "cut off")


def test_unsent_messages_are_deferred_without_a_moment() -> None:
    judgement = judged(accepted(1), Unsent(messages(2, 3)))

    deferred = [judgement.verdicts[message(number).id] for number in (2, 3)]
    assert all(isinstance(verdict, Defer) and verdict.due_at is None for verdict in deferred)
    assert (judgement.deferred, judgement.retried, judgement.error) == (2, 0, "")


def test_dead_messages_hold_their_profiles_where_the_connection_says_so() -> None:
    course = Attempt(
        lambda: True,
        pieces=[
            accepted(1),
            Answered(messages(2), {message(2).id: Rejected("105", "no such column")}),
            Failed(messages(3), REFUSAL),
            Failed(messages(4), Timeout("no answer")),
        ],
    )

    judgement = judge(
        course,
        retry=RETRY,
        ambiguity=AmbiguityPolicy.RESEND,
        hold_dead=True,
        now=NOON,
        fraction=0.5,
    )

    assert judgement.verdicts[message(1).id] == DELIVERED
    assert judgement.verdicts[message(2).id] == Bury("105", "no such column", holds=True)
    assert judgement.verdicts[message(3).id] == Bury("400", "'birthdate' is no date", holds=True)
    assert isinstance(judgement.verdicts[message(4).id], Retry)


def test_success_closes_the_circuit() -> None:
    judgement = judged(accepted(1))
    probed = replace(OPEN, open_until=NOON)

    state = judgement.next_state(probed, breaker=BREAKER, retry=RETRY, now=NOON, fraction=0.5)

    assert state == HEALTHY


def test_buried_culprits_are_no_failure_of_the_connection() -> None:
    assert after(REFUSAL, REFUSAL, state=ConnectionState(failures=2)) == HEALTHY


def test_refused_token_pauses_the_connection() -> None:
    state = after(InvalidCredentials("token refused"))

    assert (state.paused, state.paused_why) == (PauseReason.CREDENTIALS, "token refused")


def test_refused_endpoint_pauses_the_connection() -> None:
    state = after(EndpointRefused("404 at this address"))

    assert (state.paused, state.paused_why) == (PauseReason.ENDPOINT, "404 at this address")


def test_platform_that_asks_for_time_gets_it() -> None:
    state = after(Throttled("slow down", retry_after=90 * SECOND))

    assert state.open_until == NOON + 90 * SECOND
    assert state.failures == 0


@pytest.mark.parametrize(
    ("asked", "held"),
    [(timedelta(0), RETRY.floor), (-MINUTE, RETRY.floor), (timedelta(days=30), timedelta(days=1))],
)
def test_wish_of_the_platform_has_a_floor_and_a_cap(asked: timedelta, held: timedelta) -> None:
    assert after(Throttled("slow down", retry_after=asked)).open_until == NOON + held


def test_wish_without_a_time_is_left_to_the_backoff() -> None:
    state = after(Throttled("slow down"))

    assert state.open_until == NOON + SECOND
    assert state.flow(NOON) is Flow.OPEN


def test_longer_wish_prolongs_a_hold_and_a_shorter_one_does_not() -> None:
    longer = after(Throttled("slow down", retry_after=2 * MINUTE), state=OPEN)
    shorter = after(Throttled("slow down", retry_after=SECOND), state=OPEN)

    assert longer.open_until == NOON + 2 * MINUTE
    assert shorter.open_until == OPEN.open_until


@pytest.mark.parametrize(
    "error", [Timeout("no answer"), Ambiguous("cut off"), Permanent("other refusal")]
)
def test_failures_in_a_row_open_the_circuit(error: DeliveryError) -> None:
    state = HEALTHY

    for _ in range(BREAKER.threshold):
        assert state.flow(NOON) is Flow.CLOSED
        state = after(error, state=state)

    assert state.flow(NOON) is Flow.OPEN


def test_batch_that_failed_in_pieces_counts_once() -> None:
    assert after(Timeout("no answer"), Timeout("no answer"), REFUSAL).failures == 1


@pytest.mark.parametrize(
    ("lesser", "expected"),
    [
        (Throttled("slow down", retry_after=MINUTE), PauseReason.CREDENTIALS),
        (EndpointRefused("404"), PauseReason.CREDENTIALS),
        (Timeout("no answer"), PauseReason.CREDENTIALS),
    ],
)
def test_gravest_trouble_decides(lesser: DeliveryError, expected: PauseReason) -> None:
    assert after(lesser, InvalidCredentials("token refused")).paused is expected


def test_hold_goes_before_a_mere_failure() -> None:
    state = after(Timeout("no answer"), Throttled("slow down", retry_after=MINUTE))

    assert (state.failures, state.open_until) == (0, NOON + MINUTE)


@pytest.mark.parametrize(
    "straggler",
    [
        Timeout("no answer"),
        Throttled("slow down", retry_after=MINUTE),
        InvalidCredentials("token refused"),
        EndpointRefused("404"),
    ],
)
@pytest.mark.parametrize("why", PauseReason)
def test_pause_keeps_its_reason(why: PauseReason, straggler: DeliveryError) -> None:
    state = paused(HEALTHY, why, "maintenance", now=NOON)

    assert after(straggler, state=state) == state

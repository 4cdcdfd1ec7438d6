"""Judge a finished attempt: a verdict for each message, and what it means for the connection."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from petiole.core.delivery.attempt import Answered, Attempt, Failed, Unsent
from petiole.core.domain.backoff import RetryPolicy, clamp_retry_after
from petiole.core.domain.breaker import (
    BreakerPolicy,
    ConnectionState,
    PauseReason,
    after_failure,
    after_success,
    held_until,
    paused,
    slowed_down,
)
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import Accepted
from petiole.core.domain.settlement import (
    DELIVERED,
    AmbiguityPolicy,
    Bury,
    Defer,
    Delivered,
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
    Throttled,
)

_NOT_SENT = Defer(None, "not sent: the connection kept still, or the run or its lease was ending")


@dataclass(slots=True)
class Judgement:
    """The verdicts on one batch, and the sums that people ask about.

    `doubtful` counts messages that will be sent again although they may have arrived.
    """

    verdicts: dict[MessageId, Verdict] = field(default_factory=dict)
    delivered: list[Message] = field(default_factory=list)
    buried: list[tuple[Message, Bury]] = field(default_factory=list)
    retried: int = 0
    deferred: int = 0
    parked: int = 0
    doubtful: int = 0
    retry_at: datetime | None = None
    errors: list[DeliveryError] = field(default_factory=list)

    @property
    def error(self) -> str:
        """The first trouble in words, or nothing."""
        return next((f"{error.code}: {error.reason}" for error in self.errors), "")

    def add_delivered(self, messages: Sequence[Message]) -> None:
        """Take them into the sums, as `add` does one by one."""
        self.verdicts.update(dict.fromkeys([message.id for message in messages], DELIVERED))
        self.delivered += messages

    def add(self, message: Message, verdict: Verdict) -> None:
        """Take a verdict into the sums."""
        self.verdicts[message.id] = verdict
        match verdict:
            case Delivered():
                self.delivered.append(message)
            case Bury():
                self.buried.append((message, verdict))
            case Retry(due_at):
                self.retried += 1
                self.retry_at = due_at
            case Defer():
                self.deferred += 1
            case Park():
                self.parked += 1

    def next_state(
        self,
        state: ConnectionState,
        *,
        breaker: BreakerPolicy,
        retry: RetryPolicy,
        now: datetime,
        fraction: float,
    ) -> ConnectionState:
        """Tell what the attempt means for its connection; the gravest trouble decides.

        A connection that was paused meanwhile stays as it is, with the reason why.
        """
        if state.paused:
            return state
        gravest = _gravest(self.errors)
        match gravest:
            case InvalidCredentials():
                return paused(state, PauseReason.CREDENTIALS, gravest.reason, now=now)
            case EndpointRefused():
                return paused(state, PauseReason.ENDPOINT, gravest.reason, now=now)
            case Throttled(retry_after=timedelta() as wish):
                until = now + clamp_retry_after(wish, retry)
                return held_until(state, until, gravest.reason, now=now)
            case None:
                return after_success(state, now=now)
            case _:
                failed = slowed_down if isinstance(gravest, Throttled) else after_failure
                return failed(state, gravest.reason, policy=breaker, now=now, fraction=fraction)


def _gravest(errors: Sequence[DeliveryError]) -> DeliveryError | None:
    """Find the trouble that decides; a culprit that was found and buried is none."""
    troubles = [error for error in errors if not isinstance(error, MalformedRequest)]
    ranks: Sequence[type[DeliveryError]] = (
        InvalidCredentials,
        EndpointRefused,
        Throttled,
        DeliveryError,
    )
    return next((error for kind in ranks for error in troubles if isinstance(error, kind)), None)


def judge(
    attempt: Attempt,
    *,
    retry: RetryPolicy,
    ambiguity: AmbiguityPolicy,
    hold_dead: bool = False,
    now: datetime,
    fraction: float,
) -> Judgement:
    """Reach a verdict on every message of the attempt; failed ones share one moment of retry."""
    judgement = Judgement()
    for piece in attempt.pieces:
        match piece:
            case Answered(messages, outcomes):
                if {*map(type, outcomes.values())} == {Accepted}:  # nearly always
                    judgement.add_delivered(messages)
                    continue
                for message in messages:
                    verdict = verdict_on_outcome(outcomes[message.id], retry=retry, now=now)
                    judgement.add(message, _holding(verdict) if hold_dead else verdict)
            case Failed(messages, error):
                judgement.errors.append(error)
                for message in messages:
                    verdict = verdict_on_error(
                        error, message, retry=retry, ambiguity=ambiguity, now=now, fraction=fraction
                    )
                    judgement.add(message, _holding(verdict) if hold_dead else verdict)
                    if isinstance(error, Ambiguous) and isinstance(verdict, Retry):
                        judgement.doubtful += 1
            case Unsent(messages):
                for message in messages:
                    judgement.add(message, _NOT_SENT)
    return judgement


def _holding(verdict: Verdict) -> Verdict:
    return replace(verdict, holds=True) if isinstance(verdict, Bury) else verdict

"""Judge a finished attempt: a verdict for each message, and what it means for the connection."""

from dataclasses import dataclass, field
from datetime import datetime

from petiole.core.delivery.attempt import Answered, Attempt, Failed
from petiole.core.domain.backoff import RetryPolicy, backoff, clamp_retry_after
from petiole.core.domain.breaker import (
    HEALTHY,
    BreakerPolicy,
    ConnectionState,
    PauseReason,
    after_failure,
    held_until,
    paused,
)
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.settlement import (
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
        """Tell what the attempt means for its connection; the gravest trouble decides."""
        if state.paused is PauseReason.OPERATOR:
            return state
        for error in self.errors:
            if isinstance(error, InvalidCredentials):
                return paused(state, PauseReason.CREDENTIALS, error.reason)
            if isinstance(error, EndpointRefused):
                return paused(state, PauseReason.ENDPOINT, error.reason)
        for error in self.errors:
            if isinstance(error, Throttled):
                wait = (
                    backoff(state.failures + 1, breaker.pace, fraction=fraction)
                    if error.retry_after is None
                    else clamp_retry_after(error.retry_after, retry)
                )
                return held_until(state, now + wait, error.reason)
        for error in self.errors:
            if not isinstance(error, MalformedRequest):
                return after_failure(
                    state, error.reason, policy=breaker, now=now, fraction=fraction
                )
        return HEALTHY if not state.paused else state


def judge(
    attempt: Attempt,
    *,
    retry: RetryPolicy,
    ambiguity: AmbiguityPolicy,
    now: datetime,
    fraction: float,
) -> Judgement:
    """Reach a verdict on every message of the attempt; failed ones share one moment of retry."""
    judgement = Judgement()
    for piece in attempt.pieces:
        match piece:
            case Answered(messages, report):
                for message in messages:
                    judgement.add(message, verdict_on_outcome(report.outcomes[message.id]))
            case Failed(messages, error):
                judgement.errors.append(error)
                for message in messages:
                    verdict = verdict_on_error(
                        error, message, retry=retry, ambiguity=ambiguity, now=now, fraction=fraction
                    )
                    judgement.add(message, verdict)
                    if isinstance(error, Ambiguous) and isinstance(verdict, Retry):
                        judgement.doubtful += 1
    return judgement

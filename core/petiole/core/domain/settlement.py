"""What becomes of each message after a delivery: the verdicts, and the rules that reach them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never

from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.backoff import RetryPolicy, backoff, clamp_retry_after
from petiole.core.domain.message import BatchId, Message, MessageId
from petiole.core.domain.report import Accepted, Deferred, Outcome, Rejected
from petiole.core.errors import Ambiguous, DeliveryError, MalformedRequest, Permanent, Throttled


@dataclass(frozen=True, slots=True)
class Delivered:
    """The platform has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Tried in vain; again from `due_at` on."""

    due_at: datetime
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Defer:
    """Later, and the attempt does not count; without `due_at`, when the connection flows again."""

    due_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Park:
    """Outcome unknown; a person decides."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Bury:
    """Becomes a dead letter, with the platform's own code and words.

    With `holds`, later changes of its profile wait until a person has decided about it.
    """

    code: str
    reason: str
    holds: bool = False


Verdict: TypeAlias = Delivered | Retry | Defer | Park | Bury

DELIVERED = Delivered()


@dataclass(frozen=True, slots=True)
class Settlement:
    """The verdicts on one claimed batch: every message of it, by id, and the record of it.

    `epoch` is that of the claim; who was overtaken cannot settle.
    """

    batch: BatchId
    epoch: int
    verdicts: Mapping[MessageId, Verdict]
    record: AttemptRecord


class AmbiguityPolicy(StrEnum):
    """What a connection does with messages that may or may not have arrived."""

    RESEND = "resend"
    """Send again: at least once."""
    PARK = "park"
    """Wait for a person: at most once until then."""


def verdict_on_outcome(outcome: Outcome, *, retry: RetryPolicy, now: datetime) -> Verdict:
    """Translate the platform's answer for one message; a deferral is followed within reason."""
    match outcome:
        case Accepted():
            return DELIVERED
        case Rejected(code, reason):
            return Bury(code, reason)
        case Deferred(until, reason):
            return Defer(now + clamp_retry_after(until - now, retry), reason)
        case _:
            assert_never(outcome)


def verdict_on_error(
    error: DeliveryError,
    message: Message,
    *,
    retry: RetryPolicy,
    ambiguity: AmbiguityPolicy,
    now: datetime,
    fraction: float,
) -> Verdict:
    """Decide about one message of a batch that failed as a whole.

    `fraction` in [0, 1) is chance's share in the backoff; a batch that shares it stays together.
    """
    match error:
        case MalformedRequest():
            return Bury(error.code, error.reason)
        case Throttled() | Permanent():
            return Defer(None, error.reason)
        case Ambiguous() if ambiguity is AmbiguityPolicy.PARK:
            return Park(error.code, error.reason)
        case _:
            return _retry(error, message, retry=retry, now=now, fraction=fraction)


def _retry(
    error: DeliveryError, message: Message, *, retry: RetryPolicy, now: datetime, fraction: float
) -> Verdict:
    if message.attempt >= retry.max_attempts:
        return Bury(error.code, f"{error.reason} (gave up after {message.attempt} attempts)")
    due_at = now + backoff(message.attempt, retry, fraction=fraction)
    old = due_at - message.enqueued_at > retry.max_age
    if old and message.attempt >= retry.min_attempts:
        return Bury(error.code, f"{error.reason} (gave up, {retry.max_age} after it was enqueued)")
    return Retry(due_at, error.code, error.reason)

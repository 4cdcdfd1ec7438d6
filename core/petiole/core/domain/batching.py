"""When a batch is due: full, old enough, heavy enough, or asked for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CLOCK_TOLERANCE = timedelta(seconds=5)
"""Clocks that are kept right step by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPolicy:
    """How messages are grouped into one call.

    The defaults are the platform's documented "100 profiles or 20 minutes", and stay below its 6 MB
    a call.
    """

    max_profiles: int = 100
    max_age: timedelta = timedelta(minutes=20)
    max_bytes: int = 5_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """What a runner wants to claim: up to so many batches, and for how long."""

    policy: BatchPolicy
    batches: int
    lease: timedelta

    @property
    def most_messages(self) -> int:
        """How many messages those batches hold at most."""
        return self.batches * self.policy.max_profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What a connection could claim now, looked at no further than one batch deep.

    `claimable` and `weight_bytes` stop growing at the limits that were asked about. `next_due_at`
    is the earliest moment at which a message that now waits for a later try becomes claimable, and
    `oldest_waiting_at` tells when the oldest of the first batchful of those was enqueued.
    `abandoned` counts batches whose runner died or lost its lease; `in_flight` those that are being
    delivered, by whatever runner.
    """

    claimable: int = 0
    weight_bytes: int = 0
    oldest_enqueued_at: datetime | None = None
    next_due_at: datetime | None = None
    oldest_waiting_at: datetime | None = None
    in_flight: int = 0
    abandoned: int = 0


class DueReason(StrEnum):
    """Why a batch goes out now."""

    RECOVERY = "recovery"
    FULL = "full"
    HEAVY = "heavy"
    AGE = "age"
    FLUSH = "flush"


def due(
    backlog: Backlog, policy: BatchPolicy, *, now: datetime, flush: bool = False
) -> DueReason | None:
    """Tell why a batch should be claimed now, or `None` to go on waiting."""
    if backlog.abandoned:
        return DueReason.RECOVERY
    if backlog.oldest_enqueued_at is None:
        return None
    if backlog.claimable >= policy.max_profiles:
        return DueReason.FULL
    if backlog.weight_bytes >= policy.max_bytes:
        return DueReason.HEAVY
    if now >= ripe_at(backlog.oldest_enqueued_at, policy, now=now):
        return DueReason.AGE
    return DueReason.FLUSH if flush else None


def ripe_at(enqueued_at: datetime, policy: BatchPolicy, *, now: datetime) -> datetime:
    """Tell when a claimable message makes its batch due by its age alone.

    What was enqueued in the future, before the clock was set back, is of unknown age: it goes now.
    """
    if enqueued_at > now + CLOCK_TOLERANCE:
        return now
    return enqueued_at + policy.max_age


def flush_at(backlog: Backlog, policy: BatchPolicy, *, now: datetime) -> datetime | None:
    """Tell when the batch that now fills goes out, even if nothing is added to it."""
    if due(backlog, policy, now=now):
        return now
    oldest = backlog.oldest_enqueued_at
    return oldest and ripe_at(oldest, policy, now=now)


def next_look(backlog: Backlog, policy: BatchPolicy) -> datetime | None:
    """Tell when a backlog that is not due now will become so if nothing else happens."""
    by_age = backlog.oldest_enqueued_at and backlog.oldest_enqueued_at + policy.max_age
    moments = [moment for moment in (by_age, backlog.next_due_at) if moment is not None]
    return min(moments, default=None)

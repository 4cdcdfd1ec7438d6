"""Whether a connection may send: closed, open until a moment, probing, or paused.

The state lives in the database, so that every runner and every reader sees the same one, also after
a restart.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from petiole.core.domain.backoff import RetryPolicy, backoff


class PauseReason(StrEnum):
    """Who must act before the connection goes on."""

    OPERATOR = "operator"
    CREDENTIALS = "credentials"
    ENDPOINT = "endpoint"


class Flow(StrEnum):
    """What a connection may do right now."""

    CLOSED = "closed"
    """Normal work: the circuit is closed, current flows."""
    OPEN = "open"
    """Nothing is sent until a known moment."""
    PROBING = "probing"
    """That moment has come: one batch may try."""
    PAUSED = "paused"
    """Nothing is sent until somebody acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """`threshold` failed batches in a row open the circuit, for longer each time it fails again."""

    threshold: int = 5
    pace: RetryPolicy = field(
        default_factory=lambda: RetryPolicy(base=timedelta(seconds=2), ceiling=timedelta(minutes=5))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """What is known of a connection beyond its messages.

    `failures` counts failed batches in a row.
    """

    failures: int = 0
    open_until: datetime | None = None
    paused: PauseReason | None = None
    reason: str = ""

    def flow(self, now: datetime) -> Flow:
        """Tell what may be done at that moment."""
        if self.paused:
            return Flow.PAUSED
        if self.open_until is None:
            return Flow.CLOSED
        return Flow.OPEN if now < self.open_until else Flow.PROBING


HEALTHY = ConnectionState()


def after_failure(
    state: ConnectionState, reason: str, *, policy: BreakerPolicy, now: datetime, fraction: float
) -> ConnectionState:
    """Count one failed batch; from the threshold on, open.

    One that was under way when the circuit opened tells nothing new.
    """
    if state.flow(now) is Flow.OPEN:
        return state
    failures = state.failures + 1
    if failures < policy.threshold:
        return replace(state, failures=failures, reason=reason)
    wait = backoff(failures - policy.threshold + 1, policy.pace, fraction=fraction)
    return replace(state, failures=failures, open_until=now + wait, reason=reason)


def after_success(state: ConnectionState, *, now: datetime) -> ConnectionState:
    """Close the circuit, but neither shorten a hold nor lift a pause that came meanwhile."""
    return HEALTHY if state.flow(now) in {Flow.CLOSED, Flow.PROBING} else state


def slowed_down(
    state: ConnectionState, reason: str, *, policy: BreakerPolicy, now: datetime, fraction: float
) -> ConnectionState:
    """Keep still for longer each time the platform asks for it without telling for how long."""
    if state.flow(now) is Flow.OPEN:
        return state
    failures = state.failures + 1
    wait = backoff(failures, policy.pace, fraction=fraction)
    return replace(state, failures=failures, open_until=now + wait, reason=reason)


def held_until(state: ConnectionState, moment: datetime, reason: str) -> ConnectionState:
    """Keep still because the platform asked for it; a later moment that is known already stays."""
    latest = max(moment, state.open_until or moment)
    return replace(state, open_until=latest, reason=reason)


def paused(state: ConnectionState, why: PauseReason, reason: str) -> ConnectionState:
    """Stop until somebody acts."""
    return replace(state, paused=why, reason=reason)


def probing(state: ConnectionState, now: datetime) -> ConnectionState:
    """Lift a pause as far as one trial batch; success closes the circuit, failure pauses again."""
    return replace(state, paused=None, open_until=now)

"""Whether a connection may send: closed, open until a moment, probing, or paused.

The state lives in the database, so that every runner and every reader sees the same one, also after
a restart.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from petiole.core.domain.backoff import LONGEST_WAIT, RetryPolicy, backoff


class PauseReason(StrEnum):
    """Who must act before the connection goes on."""

    OPERATOR = "operator"
    CREDENTIALS = "credentials"
    ENDPOINT = "endpoint"


class Hold(StrEnum):
    """Why nothing is sent until a moment."""

    PACE = "pace"
    """The platform asked for it."""
    QUOTA = "quota"
    """The calls that it takes in a day are used up."""
    BREAKER = "breaker"
    """Too many batches failed in a row."""
    TRIAL = "trial"
    """A pause was lifted as far as one batch."""


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

    `failures` counts failed batches in a row, the first of them at `failing_since`; `reason` tells
    the last trouble. A pause has words of its own, `paused_why`; `paused_by` names the person whose
    doing it is, or nobody.
    """

    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    hold: Hold | None = None
    paused: PauseReason | None = None
    paused_by: str = ""
    paused_at: datetime | None = None
    paused_why: str = ""
    reason: str = ""

    def flow(self, now: datetime) -> Flow:
        """Tell what may be done at that moment.

        Nobody is held for more than a day: what seems longer was written before the clock was set
        back.
        """
        if self.paused:
            return Flow.PAUSED
        if self.open_until is None:
            return Flow.CLOSED
        return Flow.OPEN if now < self.open_until <= now + LONGEST_WAIT else Flow.PROBING


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
        return replace(_failing(state, now), reason=reason)
    wait = backoff(failures - policy.threshold + 1, policy.pace, fraction=fraction)
    return _held(_failing(state, now), now + wait, Hold.BREAKER, reason)


def after_success(state: ConnectionState, *, now: datetime) -> ConnectionState:
    """Close the circuit, but neither shorten a hold nor lift a pause that came meanwhile."""
    return HEALTHY if state.flow(now) in {Flow.CLOSED, Flow.PROBING} else state


def slowed_down(
    state: ConnectionState, reason: str, *, policy: BreakerPolicy, now: datetime, fraction: float
) -> ConnectionState:
    """Keep still for longer each time the platform asks for it without telling for how long."""
    if state.flow(now) is Flow.OPEN:
        return state
    failing = _failing(state, now)
    wait = backoff(failing.failures, policy.pace, fraction=fraction)
    return _held(failing, now + wait, Hold.PACE, reason)


def held_until(
    state: ConnectionState,
    moment: datetime,
    reason: str,
    *,
    now: datetime,
    hold: Hold = Hold.PACE,
) -> ConnectionState:
    """Keep still because the platform asked for it; a later moment that is known already stays."""
    known = state.open_until if state.flow(now) is Flow.OPEN else None
    return _held(state, max(moment, known or moment), hold, reason)


def paused(
    state: ConnectionState, cause: PauseReason, why: str, *, now: datetime, by: str = ""
) -> ConnectionState:
    """Stop until somebody acts; a person's word counts for more than what a batch found out."""
    if state.paused is PauseReason.OPERATOR and cause is not PauseReason.OPERATOR:
        return state
    return replace(state, paused=cause, paused_by=by, paused_at=now, paused_why=why)


def resumed(state: ConnectionState, *, now: datetime) -> ConnectionState:
    """Lift a pause, or a hold where there is no pause.

    What a person had paused goes on as it was, also with what is left of a hold. Otherwise one
    batch tries first, and a success does it.
    """
    unpaused = replace(state, paused=None, paused_by="", paused_at=None, paused_why="")
    if state.paused is PauseReason.OPERATOR:
        return unpaused
    if not state.paused and state.open_until is None:
        return state
    return _held(unpaused, now, Hold.TRIAL, state.paused_why or state.reason)


def quota_lifted(state: ConnectionState) -> ConnectionState:
    """Lift what is held for a used-up quota: who made a mistake about it finds out anew."""
    if state.hold is not Hold.QUOTA:
        return state
    return replace(state, open_until=None, hold=None)


def _failing(state: ConnectionState, now: datetime) -> ConnectionState:
    since = state.failing_since or now
    return replace(state, failures=state.failures + 1, failing_since=since)


def _held(state: ConnectionState, until: datetime, hold: Hold, reason: str) -> ConnectionState:
    return replace(state, open_until=until, hold=hold, reason=reason)

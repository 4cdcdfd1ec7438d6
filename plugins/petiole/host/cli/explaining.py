"""Why a connection does not send, or what its changes wait for, in sentences."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from petiole.core.domain.breaker import ConnectionState, Hold
from petiole.core.domain.message import MessageState
from petiole.hooks.duration import format_duration
from petiole.host.cli.output import count
from petiole.host.settings import Settings
from petiole.host.status import Condition, ConnectionStatus

_SECOND = timedelta(seconds=1)


def nothing_yet(settings: Settings) -> str:
    """Tell that nothing was queued yet, if so: who only looks makes no file."""
    path = settings.outbox_path
    try:
        path.stat()
    except FileNotFoundError:
        return f"nothing was queued yet: {path} is not there"
    except OSError:
        return ""
    return ""


def explained(status: ConnectionStatus) -> Iterator[str]:
    """Explain whatever is not as it should be; nothing, if all is."""
    state = status.state
    match status.condition:
        case Condition.PAUSED:
            yield paused(state)
        case Condition.PACING | Condition.BREAKER_OPEN:
            yield held(state)
        case Condition.RETRYING:
            yield f"retrying{_failing(state)}{_why(state)}"
        case Condition.PROBING:
            yield f"one batch may try{_failing(state)}{_why(state)}"
        case Condition.OK:
            if state.reason and not status.tally.waiting:
                yield f"nothing waits; last trouble{_why(state)}"
    if _is_behind(status):
        pending = status.tally[MessageState.PENDING]
        yield (
            f"{count(pending, 'change')} behind earlier ones of the same profiles, which wait in "
            "another connection of the account, are parked, or dead and held"
        )


def paused(state: ConnectionState) -> str:
    """Tell who paused a connection, since when, and why."""
    since = f" since {state.paused_at:%Y-%m-%d %H:%M} UTC" if state.paused_at else ""
    by = f" by {state.paused_by}" if state.paused_by else ""
    why = f": {state.paused_why}" if state.paused_why else ""
    return f"paused ({state.paused}){by}{since}{why}"


def held(state: ConnectionState) -> str:
    """Tell until when a connection keeps still, and why."""
    if state.hold in {Hold.PACE, Hold.QUOTA}:
        return f"pacing until {state.open_until:%Y-%m-%d %H:%M:%S} UTC{_why(state)}"
    return f"breaker open until {state.open_until:%H:%M:%S} UTC{_failing(state)}{_why(state)}"


def queued(status: ConnectionStatus) -> str:
    """Tell how many changes wait, for how long, and when they go; nothing, if none waits."""
    pending = status.tally[MessageState.PENDING]
    if not pending or _is_behind(status):
        return ""
    waits = f"{pending:,} {'waits' if pending == 1 else 'wait'}"
    oldest = status.oldest_enqueued_at
    since = f", the oldest since {_span(status.now - oldest)}" if oldest else ""
    return f"{waits}{since}; {_next(status)}"


def _why(state: ConnectionState) -> str:
    return f": {state.reason}" if state.reason else ""


def _failing(state: ConnectionState) -> str:
    if state.failing_since is None:
        return ""
    failures = "1 batch" if state.failures == 1 else f"{state.failures} batches in a row"
    return f", failing since {state.failing_since:%Y-%m-%d %H:%M} UTC ({failures})"


def _next(status: ConnectionStatus) -> str:
    if status.state.paused:
        return "nothing is sent while it is paused"
    flush, next_try = status.next_flush, status.next_try
    if flush is not None and status.backlog.claimable:
        filled = f"{status.backlog.claimable} of {status.batching.max_profiles}"
        return f"next batch: {filled}, {_when(status, flush, 'or in')}"
    moments = [moment for moment in (flush, next_try) if moment is not None]
    if moments:
        return f"next try {_when(status, min(moments), 'in')}"
    return "they follow what is in flight"


def _when(status: ConnectionStatus, moment: datetime, word: str) -> str:
    left = moment - status.now
    return f"{word} {_span(left)}" if left > timedelta() else "due now"


def _is_behind(status: ConnectionStatus) -> bool:
    backlog = status.backlog
    stirs = backlog.claimable or backlog.next_due_at or backlog.in_flight or backlog.abandoned
    return bool(status.tally[MessageState.PENDING] and not stirs)


def _span(span: timedelta) -> str:
    """Write a span in whole seconds; what is less, or was before it began, counts as one."""
    return format_duration(max(span, _SECOND))

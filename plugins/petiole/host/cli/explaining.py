"""Why a connection does not send, or what its changes wait for, in sentences."""

from collections.abc import Iterator

from petiole.core.domain.message import MessageState
from petiole.host.cli.output import count
from petiole.host.status import Condition, ConnectionStatus


def explained(status: ConnectionStatus) -> Iterator[str]:
    """Explain whatever is not as it should be; nothing, if all is."""
    state = status.state
    failing = ""
    if state.failing_since is not None:
        failures = "1 batch" if state.failures == 1 else f"{state.failures} batches in a row"
        failing = f", failing since {state.failing_since:%Y-%m-%d %H:%M} UTC ({failures})"
    match status.condition:
        case Condition.PAUSED:
            since = f" since {state.paused_at:%Y-%m-%d %H:%M} UTC" if state.paused_at else ""
            by = f" by {state.paused_by}" if state.paused_by else ""
            why = f": {state.paused_why}" if state.paused_why else ""
            yield f"paused ({state.paused}){by}{since}{why}"
        case Condition.PACING:
            yield f"pacing until {state.open_until:%Y-%m-%d %H:%M:%S} UTC: {state.reason}"
        case Condition.BREAKER_OPEN:
            yield f"breaker open until {state.open_until:%H:%M:%S} UTC{failing}: {state.reason}"
        case Condition.RETRYING:
            yield f"retrying{failing}: {state.reason}"
        case Condition.PROBING:
            yield f"one batch may try{failing}: {state.reason}"
        case Condition.OK:
            pass
    pending, backlog = status.tally[MessageState.PENDING], status.backlog
    if pending and not (backlog.claimable or backlog.next_due_at or backlog.in_flight):
        yield (
            f"{count(pending, 'change')} behind earlier ones of the same profiles, which wait in "
            "another connection of the account, are parked, or dead and held"
        )

"""`petiole status`: every connection at a glance."""

from datetime import timedelta
from pathlib import Path

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import MessageState
from petiole.hooks.duration import format_duration
from petiole.host.cli.explaining import explained
from petiole.host.cli.output import console, json_option, moment, print_json, say, table
from petiole.host.host import Host
from petiole.host.status import SILENCE, Condition, ConnectionStatus, QuotaUse

_MOST_NAMED = 5


@click.command("status", short_help="Show queues, sums and what is stuck.")
@click.argument("connections", nargs=-1)
@json_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], as_json: bool) -> int:
    """Show what is queued, delivered and stuck, for CONNECTIONS or for all of them."""
    with Host.open(config, connections or None) as host:
        statuses = host.status()
    if as_json:
        print_json({"connections": {status.name: _document(status) for status in statuses}})
        return 0
    columns = ["connection", "state", "pending", "in flight", "delivered", "folded"]
    console.print(
        table(
            [*columns, "parked", "dead"],
            [
                [
                    status.name,
                    status.condition.value,
                    status.tally[MessageState.PENDING],
                    status.tally[MessageState.IN_FLIGHT],
                    status.tally[MessageState.DELIVERED],
                    status.tally[MessageState.FOLDED],
                    status.tally[MessageState.PARKED],
                    status.tally[MessageState.DEAD],
                ]
                for status in statuses
            ],
        )
    )
    for status in statuses:
        for sentence in explained(status):
            say(f"{status.name}: {sentence}")
        if batch := _next_batch(status):
            say(f"{status.name}: next batch: {batch}")
        if status.quota:
            quota = status.quota
            say(f"{status.name}: {quota.used:,} of {quota.calls:,} calls of this day used")
        if status.silent:
            say(f"{status.name}: {_silence(status)}")
        if not status.tally.balanced:
            say(f"{status.name}: the sums do not balance")
    return 0


def _next_batch(status: ConnectionStatus) -> str:
    flush, oldest = status.next_flush, status.backlog.oldest_enqueued_at
    if flush is None or oldest is None or status.condition is Condition.PAUSED:
        return ""
    filled = f"{status.backlog.claimable} of {status.batching.max_profiles}"
    age = format_duration(max(status.now - oldest, timedelta()))
    left = flush - status.now
    when = f"or in {format_duration(left)}" if left > timedelta() else "due now"
    return f"{filled}, {when}; the oldest has waited {age}"


def _silence(status: ConnectionStatus) -> str:
    named = ", ".join(status.silent[:_MOST_NAMED])
    more = len(status.silent) - _MOST_NAMED
    named += f" and {more:,} more" if more > 0 else ""
    span = format_duration(SILENCE)
    return (
        f"warning: accepted but nothing received for {span} in segment {named}. If mails "
        "went out, the platform may know these people by another hash: both sides must "
        "trim and lower-case an address, then hash it with SHA-256; see also petiole engagements "
        "refused"
    )


def _document(status: ConnectionStatus) -> dict[str, JsonValue]:
    state = status.state
    return {
        "state": status.condition.value,
        "reason": state.paused_why or state.reason,
        "enqueued": status.tally.enqueued,
        **{kind.value: status.tally[kind] for kind in MessageState},
        "balanced": status.tally.balanced,
        "oldest_enqueued_at": moment(status.backlog.oldest_enqueued_at),
        "next_due_at": moment(status.backlog.next_due_at),
        "next_flush_at": moment(status.next_flush),
        "failures": state.failures,
        "failing_since": moment(state.failing_since),
        "held_until": moment(state.open_until),
        "paused": state.paused.value if state.paused else None,
        "paused_by": state.paused_by or None,
        "paused_at": moment(state.paused_at),
        "quota": _quota(status.quota) if status.quota else None,
        "silent_segments": list[JsonValue](status.silent),
    }


def _quota(quota: QuotaUse) -> dict[str, JsonValue]:
    return {
        "used": quota.used,
        "calls": quota.calls,
        "day_ends_at": moment(quota.day_ends),
    }

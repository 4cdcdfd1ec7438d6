"""`petiole status`: every connection at a glance."""

from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import Flow
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import MessageState
from petiole.hooks.duration import format_duration
from petiole.host.cli.delivering import describe, explained
from petiole.host.cli.output import console, json_option, moment, print_json, say, table
from petiole.host.runner import ConnectionStatus, open_host
from petiole.host.settings import load_settings


@click.command("status", short_help="Show queues, sums and what is stuck.")
@click.argument("connections", nargs=-1)
@json_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], as_json: bool) -> int:
    """Show what is queued, delivered and stuck, for CONNECTIONS or for all of them."""
    settings = load_settings(config)
    names = [settings.connection(name)[0] for name in connections] or None
    now = datetime.now(UTC)
    with open_host(settings, names) as host:
        statuses = host.status()
    if as_json:
        print_json({"connections": {status.name: _document(status, now) for status in statuses}})
        return 0
    columns = ["connection", "state", "pending", "in flight", "delivered", "folded"]
    console.print(
        table(
            [*columns, "parked", "dead"],
            [
                [
                    status.name,
                    describe(status.state.flow(now)),
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
        for sentence in explained(status, now):
            say(f"{status.name}: {sentence}")
        if batch := _next_batch(status, settings.connections[status.name].batching, now):
            say(f"{status.name}: next batch: {batch}")
        if not status.tally.balanced:
            say(f"{status.name}: the sums do not balance")
    return 0


def _next_batch(status: ConnectionStatus, policy: BatchPolicy, now: datetime) -> str:
    oldest = status.backlog.oldest_enqueued_at
    if oldest is None or status.state.flow(now) is not Flow.CLOSED:
        return ""
    left = max(policy.max_age - (now - oldest), policy.max_age * 0)
    filled = f"{status.backlog.claimable} of {policy.max_profiles}"
    return f"{filled}, or in {format_duration(left)}" if left else f"{filled}, due now"


def _document(status: ConnectionStatus, now: datetime) -> dict[str, JsonValue]:
    return {
        "state": status.state.flow(now).value,
        "reason": status.state.reason,
        "enqueued": status.tally.enqueued,
        **{state.value: status.tally[state] for state in MessageState},
        "balanced": status.tally.balanced,
        "oldest_enqueued_at": moment(status.backlog.oldest_enqueued_at),
        "next_due_at": moment(status.backlog.next_due_at),
        "held_until": moment(status.state.open_until),
    }

"""`petiole status`: every connection at a glance."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import Tally
from petiole.hooks.duration import format_duration
from petiole.host.cli.explaining import explained, nothing_yet, queued
from petiole.host.cli.main import EXIT_ATTENTION
from petiole.host.cli.output import console, json_option, moment, print_json, say, table
from petiole.host.host import Host
from petiole.host.settings import load_settings
from petiole.host.status import SILENCE, ConnectionStatus, QuotaUse, left_behind, look_ahead

_MOST_NAMED = 5
_COLUMNS = ("pending", "in flight", "delivered", "folded", "parked", "dead")
_STATES = (
    MessageState.PENDING,
    MessageState.IN_FLIGHT,
    MessageState.DELIVERED,
    MessageState.FOLDED,
    MessageState.PARKED,
    MessageState.DEAD,
)
_OVER = {MessageState.DELIVERED, MessageState.FOLDED}


@click.command("status", short_help="Show queues, sums and what is stuck.")
@click.argument("connections", nargs=-1)
@json_option
@click.pass_obj
def command(config: Path, *, connections: tuple[str, ...], as_json: bool) -> int:
    """Show what is queued, delivered and stuck, for CONNECTIONS or for all of them.

    Exit codes: 0 all is well · 3 look at it: a connection is paused or its breaker open, something
    is dead or parked, the sums do not balance, or a connection that is not in the settings any more
    has left something behind · 1 it could not be looked at.
    """
    settings = load_settings(config)
    missing = nothing_yet(settings)
    with Host.open(settings, connections or None) as host:
        names = host.container.names()
        statuses = look_ahead(settings, names, datetime.now(UTC)) if missing else host.status()
        left = {} if missing or connections else left_behind(settings, host.container)
    if as_json:
        document: dict[str, JsonValue] = {s.name: _document(s) for s in statuses}
        not_set: dict[str, JsonValue] = {name: _sums(tally) for name, tally in left.items()}
        print_json({"connections": document, "not_in_settings": not_set})
    elif missing:
        say(missing)
    else:
        _print_sums(statuses)
        for status in statuses:
            _print_remarks(status)
        for name, tally in left.items():
            say(f"{name}: not in the settings any more; {_left(tally)}")
    well = not left and not any(status.needs_attention for status in statuses)
    return 0 if well else EXIT_ATTENTION


def _print_sums(statuses: Sequence[ConnectionStatus]) -> None:
    """Print a table, or a paragraph for each where the terminal has no room for it."""
    sums = {status.name: [status.tally[state] for state in _STATES] for status in statuses}
    rows = [[status.name, status.condition.value, *sums[status.name]] for status in statuses]
    made = table(["connection", "state", *_COLUMNS], rows)
    if console.has_room_for(made):
        console.print(made)
        return
    for status in statuses:
        numbers = zip(sums[status.name], _COLUMNS, strict=True)
        say(f"{status.name}: {status.condition}")
        say("  " + ", ".join(f"{number:,} {column}" for number, column in numbers))


def _print_remarks(status: ConnectionStatus) -> None:
    for sentence in explained(status):
        say(f"{status.name}: {sentence}")
    if waits := queued(status):
        say(f"{status.name}: {waits}")
    if status.quota:
        quota = status.quota
        say(f"{status.name}: {quota.used:,} of {quota.calls:,} calls of this day used")
    if status.silent:
        say(f"{status.name}: {_silence(status)}")
    if not status.tally.balanced:
        say(f"{status.name}: the sums do not balance")


def _left(tally: Tally) -> str:
    named = zip(_STATES, _COLUMNS, strict=True)
    left = ((tally[state], name) for state, name in named if state not in _OVER)
    return ", ".join(f"{number:,} {name}" for number, name in left if number)


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
        **_sums(status.tally),
        "oldest_enqueued_at": moment(status.oldest_enqueued_at),
        "next_due_at": moment(status.backlog.next_due_at),
        "next_flush_at": moment(status.next_flush),
        "next_try_at": moment(status.next_try),
        "failures": state.failures,
        "failing_since": moment(state.failing_since),
        "held_until": moment(state.open_until),
        "paused": state.paused.value if state.paused else None,
        "paused_by": state.paused_by or None,
        "paused_at": moment(state.paused_at),
        "quota": _quota(status.quota) if status.quota else None,
        "silent_segments": list[JsonValue](status.silent),
    }


def _sums(tally: Tally) -> dict[str, JsonValue]:
    return {
        "enqueued": tally.enqueued,
        **{kind.value: tally[kind] for kind in MessageState},
        "balanced": tally.balanced,
    }


def _quota(quota: QuotaUse) -> dict[str, JsonValue]:
    return {
        "used": quota.used,
        "calls": quota.calls,
        "day_ends_at": moment(quota.day_ends),
    }

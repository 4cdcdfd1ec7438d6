"""Deliver in the foreground: progress while it runs, the sums at the end, and what to do next."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from petiole.core.domain.breaker import Flow
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.events import BatchSettled, ConnectionPaused, Event
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import EnqueueReceipt
from petiole.host.cli.interrupt import interruptible
from petiole.host.cli.main import EXIT_ATTENTION, EXIT_INTERRUPTED
from petiole.host.cli.output import console, count, progress_bar, say, table, warn
from petiole.host.observers import DeliveryCount
from petiole.host.runner import ConnectionStatus, Host


@dataclass(slots=True)
class Delivering:
    """Watches one foreground delivery: counts, moves the bar, tells what must be known now."""

    counted: DeliveryCount = field(default_factory=DeliveryCount)
    announce_first: bool = False
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    interrupted: bool = False
    _show: Callable[[int], None] = field(default=lambda _: None)

    def notify(self, event: Event) -> None:
        """Take an event from the relay."""
        self.counted.notify(event)
        if isinstance(event, ConnectionPaused):
            warn(f"connection {event.connection!r} paused: {event.reason}")
        if isinstance(event, BatchSettled):
            self._advance()

    def run(self, host: Host, *, flush: bool) -> None:
        """Deliver until nothing more can be sent soon, or somebody asks to stop."""
        total = sum(status.tally.open for status in host.status())
        began = time.monotonic()
        with interruptible() as interrupt, progress_bar("delivering", total) as self._show:
            host.deliver(flush=flush, until=interrupt)
        self.seconds = time.monotonic() - began
        self.interrupted = interrupt.requested

    def _advance(self) -> None:
        counted = self.counted
        if self.announce_first and counted.delivered:
            self.announce_first = False
            first = count(counted.delivered.total(), "profile")
            warn(
                f"first batch: {first} delivered {time.monotonic() - self.began:.2f} s after start"
            )
        self._show(counted.settled)


def print_sums(delivering: Delivering, receipt: EnqueueReceipt | None = None) -> None:
    """Print what one run did, as a table."""
    counted = delivering.counted
    delivered = counted.delivered
    rows: list[tuple[str, int | str]] = [
        ("added", delivered[ChangeKind.ADD]),
        ("updated", delivered[ChangeKind.UPDATE]),
        ("removed", delivered[ChangeKind.REMOVE]),
        ("folded", receipt.folded if receipt else 0),
        ("retried", counted.retried),
        ("sent again in doubt", counted.resent),
        ("dead", counted.buried.total()),
        ("batches", counted.batches),
        ("calls", counted.calls),
    ]
    if delivering.seconds and delivered:
        rows.append(("profiles per second", round(delivered.total() / delivering.seconds)))
    console.print(table(["delivered in this run", ""], rows))
    for (code, reason), times in counted.buried.most_common(10):
        say(f"dead: {count(times, 'profile')}: {code}: {reason}")
    for trouble, times in counted.trouble.most_common(5):
        say(f"met: {trouble} ({count(times, 'time')})")


def print_next_steps(delivering: Delivering, statuses: Sequence[ConnectionStatus]) -> None:
    """Tell what is left and which command goes on."""
    for status in statuses:
        waiting = status.tally.waiting
        if status.state.paused:
            say(
                f"{status.name}: paused ({status.state.paused}); {count(waiting, 'change')} kept. "
                "Mend the cause, then: petiole run --once --flush",
            )
        elif waiting:
            say(
                f"{status.name}: {count(waiting, 'change')} waiting. "
                "Next: petiole status, or petiole run --once --flush",
            )
            for sentence in explained(status, datetime.now(UTC)):
                say(f"{status.name}: {sentence}")
    if delivering.counted.buried or delivering.counted.parked:
        ended_badly = (MessageState.DEAD, MessageState.PARKED)
        names = [
            status.name for status in statuses if any(status.tally[state] for state in ended_badly)
        ]
        say(f"Next: petiole dead {' '.join(names)}")


def exit_code(delivering: Delivering, statuses: Sequence[ConnectionStatus]) -> int:
    """Tell how the command ends: 0 only if all is well."""
    if delivering.interrupted:
        return EXIT_INTERRUPTED
    waiting = any(status.tally.waiting for status in statuses)
    counted = delivering.counted
    attention = waiting or counted.buried or counted.parked
    return EXIT_ATTENTION if attention else 0


def sums_as_json(delivering: Delivering) -> dict[str, JsonValue]:
    """Give the sums of one run for machines."""
    counted = delivering.counted
    return {
        "delivered": {kind.value: counted.delivered[kind] for kind in ChangeKind},
        "retried": counted.retried,
        "resent": counted.resent,
        "deferred": counted.deferred,
        "parked": counted.parked,
        "dead": [
            {"code": code, "reason": reason, "profiles": times}
            for (code, reason), times in counted.buried.most_common()
        ],
        "batches": counted.batches,
        "calls": counted.calls,
        "seconds": round(delivering.seconds, 3),
        "interrupted": delivering.interrupted,
    }


def describe(flow: Flow) -> str:
    """Put what a connection may do into one word."""
    return {Flow.CLOSED: "ok", Flow.OPEN: "held"}.get(flow, flow.value)


def explained(status: ConnectionStatus, now: datetime) -> Iterator[str]:
    """Tell why a connection does not send, or what its changes wait for."""
    state, flow = status.state, status.state.flow(now)
    if flow is Flow.PAUSED:
        yield f"paused ({state.paused}): {state.reason}"
    elif flow is Flow.OPEN and state.open_until is not None:
        yield f"held until {state.open_until:%H:%M:%S} UTC: {state.reason}"
    waiting = status.tally[MessageState.PENDING]
    backlog = status.backlog
    if waiting and not (backlog.claimable or backlog.next_due_at or backlog.in_flight):
        yield (
            f"{count(waiting, 'change')} behind earlier ones of the same profiles, which wait in "
            "another connection of the account, or parked"
        )

"""Deliver in the foreground: progress while it runs, the sums at the end, and what to do next."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from petiole.core.delivery.feed import Feed
from petiole.core.domain.breaker import PauseReason
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.events import BatchSettled, Event
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import EnqueueReceipt
from petiole.host.cli.explaining import explained
from petiole.host.cli.interrupt import interruptible
from petiole.host.cli.journal import Journal
from petiole.host.cli.main import EXIT_ATTENTION, EXIT_INTERRUPTED
from petiole.host.cli.output import console, count, progress_bar, say, table, warn
from petiole.host.host import Host
from petiole.host.observers import DeliveryCount
from petiole.host.status import ConnectionStatus


@dataclass(slots=True)
class Delivering:
    """Watches one foreground delivery: counts, moves the bar, tells what must be known now."""

    counted: DeliveryCount = field(default_factory=DeliveryCount)
    journal: Journal = field(default_factory=Journal)
    announce_first: bool = False
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    interrupted: bool = False
    _show: Callable[[int], None] = field(default=lambda _: None)

    def notify(self, event: Event) -> None:
        """Take an event from the relay."""
        self.counted.notify(event)
        self.journal.notify(event)
        if isinstance(event, BatchSettled):
            self._advance()

    def run(self, host: Host, *, flush: bool, feed: Feed | None = None, fed: int = 0) -> None:
        """Deliver until nothing more can be sent soon, or somebody asks to stop.

        What a feed brings, which is about `fed` changes, is queued meanwhile.
        """
        total = fed + sum(status.tally.open for status in host.status())
        began = time.monotonic()
        with (
            interruptible(host.stop) as interrupt,
            progress_bar("delivering", total) as self._show,
        ):
            host.deliver(flush=flush, feed=feed)
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
                f"Mend the cause, then: {_way_on(status)}",
            )
        elif waiting:
            say(
                f"{status.name}: {count(waiting, 'change')} waiting. "
                "Next: petiole status, or petiole run --once --flush",
            )
            for sentence in explained(status):
                say(f"{status.name}: {sentence}")
    if delivering.counted.buried or delivering.counted.parked:
        for state in (MessageState.DEAD, MessageState.PARKED):
            if names := [status.name for status in statuses if status.tally[state]]:
                say(f"Next: petiole {state} list {' '.join(names)}")


def _way_on(status: ConnectionStatus) -> str:
    if status.state.paused is PauseReason.OPERATOR:
        return f"petiole resume {status.name}"
    return "petiole run --once --flush"


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

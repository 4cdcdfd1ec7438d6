"""Those who are told what the relay does: the plugins' hooks, and whoever counts."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.events import (
    BatchSettled,
    ConnectionHeld,
    ConnectionPaused,
    Event,
    LeaseExpired,
    MessageBuried,
    MessagesDelivered,
    OutboxAvailable,
    OutboxUnavailable,
)
from petiole.core.ports.observer import Observer
from petiole.host.discovery import Plugins

_log = logging.getLogger(__name__)


class Fanout:
    """Tells several observers; one that fails does not silence the others."""

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._observers = list(observers)

    def add(self, observer: Observer) -> None:
        """Tell one more from now on."""
        self._observers.append(observer)

    @contextmanager
    def telling(self, observer: Observer) -> Iterator[None]:
        """Tell one more while inside."""
        self._observers.append(observer)
        try:
            yield
        finally:
            self._observers.remove(observer)

    def notify(self, event: Event) -> None:
        """Pass the event on."""
        for observer in self._observers:
            try:
                observer.notify(event)
            except Exception:  # noqa: BLE001 - a stranger's code; it is logged
                _log.exception("an observer failed on %s", type(event).__name__)


class HookObserver:
    """Passes events to the hooks of plugins."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    def notify(self, event: Event) -> None:
        """Call the hook for this kind of event, if there is one."""
        if isinstance(event, MessagesDelivered):
            self._plugins.delivered(event)
        elif isinstance(event, MessageBuried):
            self._plugins.buried(event)


@dataclass(slots=True)
class DeliveryCount:
    """The sums of one run. `trouble` holds what is worth a line, oldest first."""

    delivered: Counter[ChangeKind] = field(default_factory=Counter)
    buried: Counter[tuple[str, str]] = field(default_factory=Counter)
    trouble: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    calls: int = 0
    retried: int = 0
    resent: int = 0
    deferred: int = 0
    parked: int = 0

    def notify(self, event: Event) -> None:
        """Add an event up."""
        match event:
            case BatchSettled():
                self.delivered.update(event.delivered)
                self.batches += 1
                self.calls += event.calls
                self.retried += event.retried
                self.resent += event.resent
                self.deferred += event.deferred
                self.parked += event.parked
                if event.error:
                    self.trouble[event.error] += 1
            case MessageBuried():
                self.buried[event.verdict.code, event.verdict.reason] += 1
            case LeaseExpired():
                self.trouble["another runner took a batch over; it may have arrived twice"] += 1
            case OutboxUnavailable(reason=reason):
                self.trouble[reason] += 1
            case OutboxAvailable():
                pass
            case MessagesDelivered() | ConnectionHeld() | ConnectionPaused():
                pass  # counted with the batch that brought it about

    @property
    def settled(self) -> int:
        """How many messages reached an end in this run."""
        return self.delivered.total() + self.buried.total() + self.parked

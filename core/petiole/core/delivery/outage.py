"""An outage of the outbox: told when it begins, now and then meanwhile, and when it is over."""

from datetime import timedelta

from petiole.core.domain.events import OutboxAvailable, OutboxUnavailable
from petiole.core.errors import OutboxBusy
from petiole.core.ports.clock import Clock
from petiole.core.ports.observer import Observer

REMINDER = timedelta(minutes=5)
"""How long to wait before it is said again that the outbox cannot be used."""


class Outage:
    """What was told of the one that lasts, if one does."""

    def __init__(self, clock: Clock, observer: Observer) -> None:
        self._clock = clock
        self._observer = observer
        self._remind_at = timedelta()
        self._lasts = False

    def note(self, error: OutboxBusy) -> None:
        """Take note that the outbox could not be used."""
        if self._clock.uptime() >= self._remind_at:
            self._lasts = True
            self._observer.notify(OutboxUnavailable(reason=str(error)))
            self._remind_at = self._clock.uptime() + REMINDER

    def end(self) -> None:
        """Take note that something was written."""
        if self._lasts:
            self._lasts = False
            self._observer.notify(OutboxAvailable())

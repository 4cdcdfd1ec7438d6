"""An observer that remembers."""

from typing import TypeVar

from petiole.core.domain.events import Event

Kind = TypeVar("Kind", bound=Event)


class RecordingObserver:
    """Keeps every event, in order, for a test to read."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def notify(self, event: Event) -> None:
        """Take note."""
        self.events.append(event)

    def of(self, kind: type[Kind]) -> list[Kind]:
        """List the events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

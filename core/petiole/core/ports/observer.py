"""Those who watch deliveries."""

from typing import Protocol, runtime_checkable

from petiole.core.domain.events import Event


@runtime_checkable
class Observer(Protocol):
    """Is told what happened, after it is durable; must return soon and must not raise."""

    def notify(self, event: Event) -> None:
        """Take note."""
        ...

"""Where the state of each connection is kept."""

from typing import Protocol, runtime_checkable

from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import ConnectionName


@runtime_checkable
class ConnectionStates(Protocol):
    """Durable and shared by all runners; a connection never heard of is healthy."""

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read."""
        ...

    def record(self, connection: ConnectionName, state: ConnectionState) -> None:
        """Write; the last word wins."""
        ...

"""Where the state of each connection is kept."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import ConnectionName


@runtime_checkable
class ConnectionStates(Protocol):
    """Durable and shared by all runners; a connection never heard of is healthy."""

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read."""
        ...

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        """Write what the transition makes of the present state, and return that.

        One transaction, so that no word of others is lost between reading and writing; the
        transition may be asked more than once. Nothing is written where it changes nothing. `by`
        names the person who did it, for the record, or nobody.
        """
        ...

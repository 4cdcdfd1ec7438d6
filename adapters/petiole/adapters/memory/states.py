"""The states of connections in memory."""

from collections.abc import Callable

from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.domain.change import ConnectionName
from petiole.core.failpoints import FailPoint, reach


class MemoryConnectionStates:
    """Reads and writes a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read; healthy where nothing was recorded."""
        with self._state.lock:
            return self._state.connections.get(connection, HEALTHY)

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        """Write what the transition makes of the present state; a person's word rings the bell."""
        with self._state.lock:
            before = self._state.connections.get(connection, HEALTHY)
            after = transition(before)
            if after == before:
                return after
            reach(FailPoint.STATE_WRITTEN)
            self._state.connections[connection] = after
        reach(FailPoint.STATE_COMMITTED)
        if by:
            self._state.ring()
        return after

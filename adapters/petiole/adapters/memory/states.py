"""The states of connections in memory."""

from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.domain.change import ConnectionName


class MemoryConnectionStates:
    """Reads and writes a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read; healthy where nothing was recorded."""
        with self._state.lock:
            return self._state.connections.get(connection, HEALTHY)

    def record(self, connection: ConnectionName, state: ConnectionState) -> None:
        """Write; the last word wins."""
        with self._state.lock:
            self._state.connections[connection] = state

"""The states of connections in SQLite."""

from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import from_micros, to_micros
from petiole.core.domain.breaker import HEALTHY, ConnectionState, PauseReason
from petiole.core.domain.change import ConnectionName

_READ = """
SELECT failures, open_until, paused, reason FROM connection_state WHERE connection = ?
"""
_WRITE = """
INSERT OR REPLACE INTO connection_state (connection, failures, open_until, paused, reason)
VALUES (?, ?, ?, ?, ?)
"""


class SqliteConnectionStates:
    """One row per connection that ever was in trouble."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read; healthy where nothing was recorded."""
        with self._database.read() as tables:
            row = tables.execute(_READ, (connection,)).fetchone()
        if row is None:
            return HEALTHY
        failures, open_until, paused, reason = row
        return ConnectionState(
            failures=failures,
            open_until=from_micros(open_until),
            paused=None if paused is None else PauseReason(paused),
            reason=reason,
        )

    def record(self, connection: ConnectionName, state: ConnectionState) -> None:
        """Write; the last word wins."""
        row = (connection, state.failures, to_micros(state.open_until), state.paused, state.reason)
        with self._database.write() as tables:
            tables.execute(_WRITE, row)

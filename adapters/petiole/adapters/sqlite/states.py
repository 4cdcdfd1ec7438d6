"""The states of connections in SQLite."""

import sqlite3
from collections.abc import Callable

from petiole.adapters.sqlite import commits, sums
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.happenings import ConnectionStep, Scribe
from petiole.adapters.sqlite.instants import from_micros, to_micros
from petiole.core.domain.breaker import HEALTHY, ConnectionState, Hold, PauseReason
from petiole.core.domain.change import ConnectionName
from petiole.core.ports.clock import Clock

_READ = """
SELECT failures, failing_since, open_until, hold, paused, paused_by, paused_at, paused_why, reason
FROM connection_state WHERE connection = ?
"""
_WRITE = """
INSERT OR REPLACE INTO connection_state (
    connection, failures, failing_since, open_until, hold, paused, paused_by, paused_at,
    paused_why, reason
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class SqliteConnectionStates:
    """One row per connection that ever was in trouble."""

    def __init__(self, database: Database, *, clock: Clock, bell: SqliteBell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell

    def state(self, connection: ConnectionName) -> ConnectionState:
        """Read; healthy where nothing was recorded."""
        with self._database.read(bound=True) as tables:
            return _read(tables, connection)

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        """Write what the transition makes of the present state; waits for nobody if it is the same.

        Raises:
            OutboxError: nothing was written.
        """
        seen = self.state(connection)
        if transition(seen) == seen:
            return seen
        with self._database.write(commits.STATE, bound=True) as tables:
            before = _read(tables, connection)
            after = transition(before)
            if after != before:
                tables.execute(_WRITE, (connection, *_row(after)))
                if by:
                    self._note(tables, connection, after, by)
        if by:
            self._bell.ring()
        return after

    def _note(
        self, tables: sqlite3.Connection, name: ConnectionName, state: ConnectionState, by: str
    ) -> None:
        step = ConnectionStep.PAUSED if state.paused else ConnectionStep.RESUMED
        now = to_micros(self._clock.now())
        scribe = Scribe(connection=tables, now=now, by=by)
        scribe.note(name, step, tick=sums.next_tick(tables, name), told=state.paused_why)


def _read(tables: sqlite3.Connection, connection: ConnectionName) -> ConnectionState:
    row = tables.execute(_READ, (connection,)).fetchone()
    if row is None:
        return HEALTHY
    failures, failing_since, open_until, hold, paused, paused_by, paused_at, why, reason = row
    return ConnectionState(
        failures=failures,
        failing_since=from_micros(failing_since),
        open_until=from_micros(open_until),
        hold=None if hold is None else Hold(hold),
        paused=None if paused is None else PauseReason(paused),
        paused_by=paused_by,
        paused_at=from_micros(paused_at),
        paused_why=why,
        reason=reason,
    )


def _row(state: ConnectionState) -> tuple[int | str | None, ...]:
    return (
        state.failures,
        to_micros(state.failing_since),
        to_micros(state.open_until),
        state.hold,
        state.paused,
        state.paused_by,
        to_micros(state.paused_at),
        state.paused_why,
        state.reason,
    )

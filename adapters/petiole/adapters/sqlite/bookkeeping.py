"""The sums in SQLite."""

import json
from collections.abc import Collection
from datetime import datetime

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.attempts import quarter_of
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.tally import Tally

_CALLS = """
SELECT coalesce(sum(calls), 0) FROM json_each(?) AS asked
CROSS JOIN usage ON usage.connection = asked.value AND quarter >= ?
"""


class SqliteBookkeeping:
    """Reads beside the writers: neither waits for the other, but for the audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def connections(self) -> Collection[ConnectionName]:
        """Name those that have sums."""
        with self._database.read(bound=True) as tables:
            return sums.names(tables)

    def tally(self, connection: ConnectionName) -> Tally:
        """Tell the kept sums."""
        with self._database.read(bound=True) as tables:
            return sums.kept(tables, connection)

    def audit(self, connection: ConnectionName) -> Tally:
        """Count the rows; walks through the whole table."""
        with self._database.read() as tables:
            return sums.counted(tables, connection)

    def calls(self, connections: Collection[ConnectionName], since: datetime) -> int:
        """Count the calls of attempts that ended in the quarters since a moment."""
        asked = (json.dumps(sorted(set(connections))), quarter_of(to_micros(since)))
        with self._database.read(bound=True) as tables:
            [calls] = tables.execute(_CALLS, asked).fetchone()
        return int(calls)

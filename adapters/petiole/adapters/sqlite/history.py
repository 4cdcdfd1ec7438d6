"""The history in SQLite."""

from collections.abc import Sequence
from datetime import datetime

from petiole.adapters.sqlite import commits
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.life import life
from petiole.adapters.sqlite.pruning import prune
from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening


class SqliteHistory:
    """What messages, attempts and happenings tell."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def life(
        self, account: AccountName, connection: ConnectionName, identifier: Identifier
    ) -> Sequence[Happening]:
        """Tell in order what happened to a profile's changes in a connection."""
        with self._database.read() as tables:
            return life(tables, account, connection, identifier)

    def prune(self, before: datetime, *, limit: int) -> int:
        """Forget up to `limit` messages that were delivered, folded or erased, the oldest first.

        Raises:
            OutboxError: nothing was forgotten.
        """
        with self._database.write(commits.PRUNE) as tables:
            return prune(tables, before=to_micros(before), most=limit)

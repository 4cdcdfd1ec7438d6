"""The sums and the dead letters in SQLite."""

from collections.abc import Sequence

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import from_micros
from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.dead_letter import DeadLetter
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.tally import Tally

_OF_ALL = """
SELECT message.id, connection, segment, identifier_type, identifier,
    kind, state, code, reason, attempts, settled_at
FROM message INDEXED BY message_dead
CROSS JOIN profile ON profile.id = message.profile
WHERE state IN ('dead', 'parked') ORDER BY settled_at DESC, message.id DESC LIMIT :most
"""
_OF_CONNECTION = """
SELECT message.id, connection, segment, identifier_type, identifier,
    kind, state, code, reason, attempts, settled_at
FROM message INDEXED BY message_dead_of_connection
CROSS JOIN profile ON profile.id = message.profile
WHERE connection = :connection AND state IN ('dead', 'parked')
ORDER BY settled_at DESC, message.id DESC LIMIT :most
"""


class SqliteBookkeeping:
    """Reads beside the writers: neither waits for the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tally(self, connection: ConnectionName) -> Tally:
        """Tell the kept sums."""
        with self._database.read() as tables:
            return sums.kept(tables, connection)

    def audit(self, connection: ConnectionName) -> Tally:
        """Count the rows; walks through the whole table."""
        with self._database.read() as tables:
            return sums.counted(tables, connection)

    def dead_letters(
        self, connection: ConnectionName | None, *, limit: int
    ) -> Sequence[DeadLetter]:
        """List dead and parked messages, the newest first."""
        sql = _OF_ALL if connection is None else _OF_CONNECTION
        with self._database.read() as tables:
            rows = tables.execute(sql, {"connection": connection, "most": limit}).fetchall()
        return [
            DeadLetter(
                id=MessageId(id_),
                connection=ConnectionName(name),
                segment=SegmentId(segment),
                identifier=Identifier(IdentifierType(type_), identifier),
                kind=ChangeKind(kind),
                state=MessageState(state),
                code=code,
                reason=reason,
                attempts=attempts,
                at=from_micros(settled_at),
            )
            for (
                id_,
                name,
                segment,
                type_,
                identifier,
                kind,
                state,
                code,
                reason,
                attempts,
                settled_at,
            ) in rows
        ]

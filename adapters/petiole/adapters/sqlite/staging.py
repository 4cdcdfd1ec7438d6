"""A snapshot set aside on disk while it is compared and its changes are enqueued.

It has a connection and a file of its own, so that it stands still while the outbox is written. The
file has no name any more once it is open: whatever becomes of the process, nothing of it stays
behind.
"""

import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from petiole.adapters.sqlite.faults import lacks_room, translated
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import OutboxBusy, OutboxError
from petiole.core.ports.ledger import SnapshotProfile

_SCRIPT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -16384;
CREATE TABLE profile (
    place INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    identifier_type TEXT NOT NULL,
    identifier TEXT NOT NULL,
    kind TEXT,
    fields TEXT
) STRICT;
CREATE UNIQUE INDEX profile_identity ON profile (identifier_type, identifier);
CREATE TABLE removal (
    identifier_type TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (identifier_type, identifier)
) STRICT, WITHOUT ROWID;
BEGIN;
"""
_LINES = """
SELECT asked.value, profile.line FROM json_each(?) AS asked
CROSS JOIN profile ON profile.identifier_type = ? AND profile.identifier = asked.value
"""
_ADD = """
INSERT INTO profile (line, identifier_type, identifier, kind, fields) VALUES (?, ?, ?, ?, ?)
"""
_REMOVE = "INSERT OR IGNORE INTO removal (identifier_type, identifier) VALUES (?, ?)"
_COUNT = "SELECT kind, count(*) FROM profile GROUP BY kind"
_REMOVALS = """
SELECT identifier_type, identifier FROM removal ORDER BY identifier_type, identifier
"""
_CHANGES = """
SELECT identifier_type, identifier, kind, fields FROM profile
WHERE kind IS NOT NULL ORDER BY place
"""


class Staging:
    """Profiles of a snapshot in their order, what is to become of each, and those to be removed.

    The fields of a profile are kept only if something becomes of it.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def lines(self, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
        """Find out which profiles have been added, and their lines."""
        found: dict[Identifier, int] = {}
        for type_ in {identifier.type for identifier in identifiers}:
            asked = [identifier.value for identifier in identifiers if identifier.type is type_]
            for value, line in self._connection.execute(_LINES, (json.dumps(asked), type_)):
                found[Identifier(type_, value)] = line
        return found

    def add(self, judged: Iterable[tuple[SnapshotProfile, ChangeKind | None]]) -> None:
        """Add profiles that are new here."""
        self._connection.executemany(
            _ADD,
            (
                (
                    profile.line,
                    profile.identifier.type,
                    profile.identifier.value,
                    kind,
                    kind and profile.fields.text,
                )
                for profile, kind in judged
            ),
        )

    def remove(self, identifiers: Iterable[Identifier]) -> None:
        """Add profiles that the snapshot lacks."""
        self._connection.executemany(_REMOVE, ((i.type, i.value) for i in identifiers))

    def count(self) -> Counter[ChangeKind | None]:
        """Count the profiles by what is to become of them; `None` are the unchanged ones."""
        numbers: Counter[ChangeKind | None] = Counter()
        for kind, number in self._connection.execute(_COUNT):
            numbers[kind and ChangeKind(kind)] = number
        [(removals,)] = self._connection.execute("SELECT count(*) FROM removal")
        numbers[ChangeKind.REMOVE] = removals
        return numbers

    def removals(self) -> Iterator[Identifier]:
        """Go through those to be removed, by identifier."""
        for type_, value in self._connection.execute(_REMOVALS):
            yield Identifier(IdentifierType(type_), value)

    def changes(self) -> Iterator[tuple[Identifier, ChangeKind, Fields]]:
        """Go through those that are added or updated, in the snapshot's order."""
        for type_, value, kind, fields in self._connection.execute(_CHANGES):
            yield Identifier(IdentifierType(type_), value), ChangeKind(kind), Fields(fields)


@contextmanager
def staging(beside: Path) -> Iterator[Staging]:
    """Set up an empty one in the directory of a file, for big snapshots fit there if anywhere.

    Raises:
        OutboxBusy: there is no space.
        OutboxError: there is no leave to write.
    """
    with translated(beside), closing(_nameless_database(beside)) as connection:
        yield Staging(connection)


def _nameless_database(beside: Path) -> sqlite3.Connection:
    try:
        file, name = tempfile.mkstemp(dir=beside.parent, prefix=f"{beside.name}.staging-")
    except OSError as error:
        kind = OutboxBusy if lacks_room(error) else OutboxError
        raise kind(
            f"nothing can be set aside in {beside.parent}: {error.strerror}; "
            "make room there, or allow writing"
        ) from error
    os.close(file)
    connection = sqlite3.connect(name, isolation_level=None)
    try:
        connection.executescript(_SCRIPT)
    except BaseException:
        connection.close()
        raise
    finally:
        Path(name).unlink()
    return connection

"""A snapshot set aside on disk while it is compared and its changes are enqueued.

It has a file of its own, attached to a connection that nobody else uses. The file has no name any
more once it is open: whatever becomes of the process, nothing of it stays behind.
"""

import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.faults import lacks_room
from petiole.adapters.sqlite.held import JUDGED
from petiole.adapters.sqlite.profiles import key_of
from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import OutboxBusy, OutboxError
from petiole.core.ports.ledger import Repeat

_TABLES = """
-- It is read and written in long stretches: big pages take fewer calls.
PRAGMA staging.page_size = 16384;
PRAGMA staging.journal_mode = OFF;
PRAGMA staging.synchronous = OFF;
PRAGMA staging.cache_size = -4096;
CREATE TABLE staging.profile (
    place INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    key TEXT NOT NULL,
    identifier_type TEXT NOT NULL,
    identifier TEXT NOT NULL,
    kind TEXT,
    fields TEXT,
    fingerprint BLOB,
    weight_bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE staging.removal (
    identifier_type TEXT NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (identifier_type, identifier)
) STRICT, WITHOUT ROWID;
"""
_SMALL_CACHE = "PRAGMA main.cache_size = -4096"
_INDEX = "CREATE INDEX staging.profile_place ON profile (key, kind)"
"""Made once all are there: to sort them costs little, to keep them sorted much."""
_UNIQUE_INDEX = "CREATE UNIQUE INDEX staging.profile_place ON profile (key)"
"""That it can be made tells, for nothing, that nobody is there twice."""
_JOURNAL = "PRAGMA staging.journal_mode = MEMORY"
_NO_JOURNAL = "PRAGMA staging.journal_mode = OFF"
_REPEATS = """
CREATE TABLE staging.repeat AS
SELECT later.place AS place, later.line AS line, first.line AS first_line
FROM (
    SELECT key, min(place) AS place FROM staging.profile GROUP BY key HAVING count(*) > 1
) AS known
CROSS JOIN staging.profile AS first ON first.place = known.place
CROSS JOIN staging.profile AS later ON later.key = known.key AND later.place > known.place
"""
_MOST_REPEATS = "SELECT line, first_line FROM staging.repeat ORDER BY place LIMIT ?"
_DROP_REPEATS = "DELETE FROM staging.profile WHERE place IN (SELECT place FROM staging.repeat)"
_LINES = """
SELECT profile.identifier_type, profile.identifier, profile.line
FROM json_each(?) AS asked CROSS JOIN staging.profile ON profile.key = asked.value
"""
_REMOVE = "INSERT OR IGNORE INTO staging.removal (identifier_type, identifier) VALUES (?, ?)"
_COUNT = "SELECT kind, count(*) FROM staging.profile WHERE place > ? GROUP BY kind"
_REMOVALS = """
SELECT identifier_type, identifier FROM staging.removal ORDER BY identifier_type, identifier
"""
_CHANGES = """
SELECT identifier_type, identifier, kind, fields FROM staging.profile
WHERE kind IS NOT NULL ORDER BY place
"""
BETWEEN = "staged.place > :after AND staged.place <= :upto"
CHANGES_BETWEEN = f"{BETWEEN} AND staged.kind IS NOT NULL"
"""Of `staging.profile AS staged`: what something becomes of, behind one place up to another."""

WIDTH = 5
"""line, key, identifier, fields, fingerprint."""


class Likeness(NamedTuple):
    """What is to become of every profile of a snapshot, and how all of them are identified."""

    kind: ChangeKind
    type: IdentifierType


class Staging:
    """Profiles of a snapshot in their order, what is to become of each, and those to be removed.

    The fields of a profile are kept only if something becomes of it.
    """

    def __init__(self, database: Database, scope: Scope) -> None:
        self._database = database
        self._scope = scope
        self._last_place = 0
        self._numbers: Counter[ChangeKind | None] = Counter()
        self._types: set[IdentifierType] = set()

    def add(self, type_: IdentifierType, values: Sequence[object]) -> None:
        """Judge profiles by what is held, and add them; `values` are those of their rows in a row.

        Few statements, which let go of the interpreter once each: another thread goes on reading.
        """
        scope, profiles = self._scope, len(values) // WIDTH
        self._database.write_out()
        with self._database.beside() as tables:
            common = (scope.connection, scope.segment, type_.value)
            tables.execute(_adding(profiles), [*common, *values])
            self._numbers += _count(tables, after=self._last_place)
            self._last_place += profiles
            self._types.add(type_)

    def leave_repeats(self, most: int) -> Sequence[Repeat]:
        """Keep each profile at its first line only; names the first of the other lines."""
        with self._database.beside() as tables:
            if _are_different(tables):
                return ()
            tables.execute(_INDEX)
            tables.execute(_REPEATS)
            tables.execute(_DROP_REPEATS)
            self._numbers = _count(tables, after=0)
            repeats = [Repeat(*row) for row in tables.execute(_MOST_REPEATS, (most,))]
            tables.execute("PRAGMA shrink_memory")
        return repeats

    def lines(self, identifiers: Collection[Identifier]) -> dict[Identifier, int]:
        """Find out which profiles have been added, and their lines."""
        asked = [key_of(self._scope.account, identifier) for identifier in identifiers]
        with self._database.beside() as tables:
            rows = tables.execute(_LINES, (json.dumps(asked),)).fetchall()
        return {Identifier(IdentifierType(type_), value): line for type_, value, line in rows}

    def remove(self, identifiers: Iterable[Identifier]) -> None:
        """Add profiles that the snapshot lacks."""
        rows = [(identifier.type, identifier.value) for identifier in identifiers]
        with self._database.beside() as tables:
            tables.executemany(_REMOVE, rows)

    def count(self) -> Counter[ChangeKind | None]:
        """Count the profiles by what is to become of them; `None` are the unchanged ones."""
        with self._database.beside() as tables:
            [(removals,)] = tables.execute("SELECT count(*) FROM staging.removal")
        return self._numbers + Counter({ChangeKind.REMOVE: removals})

    def likeness(self) -> Likeness | None:
        """Tell what all have in common, if the same becomes of each and each place has one."""
        match [*self._numbers.items()], [*self._types]:
            case [(ChangeKind() as kind, number)], [type_] if number == self._last_place:
                return Likeness(kind, type_)
            case _:
                return None

    def removals(self) -> Iterator[Identifier]:
        """Go through those to be removed, by identifier."""
        with self._database.beside() as tables:
            for type_, value in tables.execute(_REMOVALS):
                yield Identifier(IdentifierType(type_), value)

    def changes(self) -> Iterator[tuple[Identifier, ChangeKind, Fields]]:
        """Go through those that are added or updated, in the snapshot's order."""
        with self._database.beside() as tables:
            for type_, value, kind, fields in tables.execute(_CHANGES):
                yield Identifier(IdentifierType(type_), value), ChangeKind(kind), Fields(fields)


def _count(tables: sqlite3.Connection, *, after: int) -> Counter[ChangeKind | None]:
    """Count the profiles behind a place by what is to become of them."""
    rows = tables.execute(_COUNT, (after,))
    return Counter({kind and ChangeKind(kind): number for kind, number in rows})


def _are_different(tables: sqlite3.Connection) -> bool:
    """Make the index if nobody is there twice; else take back what was made of it."""
    tables.execute(_JOURNAL).close()
    try:
        tables.execute(_UNIQUE_INDEX)
    except sqlite3.IntegrityError:
        return False
    finally:
        tables.execute(_NO_JOURNAL).close()
        tables.execute("PRAGMA shrink_memory").close()
    return True


@lru_cache(maxsize=4)
def _adding(rows: int) -> str:
    """Write the statement that judges and adds so many profiles of one type."""
    values = ", ".join([f"({', '.join('?' * WIDTH)})"] * rows)
    return f"""
        WITH scope (connection, segment, identifier_type) AS (VALUES (?, ?, ?)),
        page (line, key, identifier, fields, fingerprint) AS (VALUES {values})
        INSERT INTO staging.profile (
            line, key, identifier_type, identifier, kind, fields, fingerprint, weight_bytes
        )
        SELECT
            line, key, (SELECT identifier_type FROM scope), identifier, kind,
            iif(kind IS NULL, NULL, fields), iif(kind IS NULL, NULL, fingerprint),
            length(CAST(fields AS BLOB))
        FROM ({JUDGED})
    """  # noqa: S608 - made of constants and question marks


@contextmanager
def staging(database: Database, aside: Database, scope: Scope) -> Iterator[Staging]:
    """Set up an empty one in the directory of a file, for big snapshots fit there if anywhere.

    It is filled on the connection `aside`, and read on both.

    Raises:
        OutboxBusy: there is no space.
        OutboxError: there is no leave to write.
    """
    path = _new_file(database.path)
    try:
        for one in (aside, database):
            with one.beside() as tables:
                tables.execute("ATTACH ? AS staging", (str(path),))
        with aside.beside() as tables:
            tables.execute(_SMALL_CACHE)
            tables.executescript(_TABLES)
    finally:
        path.unlink()
    try:
        yield Staging(aside, scope)
    finally:
        with database.beside() as tables:
            tables.execute("DETACH staging")


def _new_file(beside: Path) -> Path:
    try:
        file, name = tempfile.mkstemp(dir=beside.parent, prefix=f"{beside.name}.staging-")
    except OSError as error:
        kind = OutboxBusy if lacks_room(error) else OutboxError
        raise kind(
            f"nothing can be set aside in {beside.parent}: {error.strerror}; "
            "make room there, or allow writing"
        ) from error
    os.close(file)
    return Path(name)

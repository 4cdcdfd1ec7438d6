"""What SQLite complains about, in petiole's words: no sqlite3 exception crosses a port."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from petiole.core.errors import OutboxError

_PRIMARY_CODE = 0xFF
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked; close that program and try again",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked; close that program and try again",
    sqlite3.SQLITE_FULL: "no space is left; free some where it lies, then go on: nothing was lost",
    sqlite3.SQLITE_READONLY: "it cannot be written; allow writing to the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; allow writing to the file and its directory",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write; check it before going on",
    sqlite3.SQLITE_CORRUPT: "its content is damaged; put a backup in its place",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database; name another file",
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into an `OutboxError` that names the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxError(f"the outbox {path}: {complaint(error)}") from error


def complaint(error: sqlite3.Error) -> str:
    """Tell what is wrong and what helps; SQLite's own words where nothing better is known."""
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
    return _REMEDIES.get(code, str(error))

"""What SQLite complains about, in petiole's words: no sqlite3 exception crosses a port."""

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from petiole.core.errors import OutboxBusy, OutboxError

_PRIMARY_CODE = 0xFF
_LOCKED = "another program keeps it locked; close that program and try again"
_FULL = "no space is left; free some where it lies, then go on: nothing was lost"
_REMEDIES = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: "it cannot be written; allow writing to the file and its directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; allow writing to the file and its directory",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write; check it before going on",
    sqlite3.SQLITE_CORRUPT: "its content is damaged; put a backup in its place",
    sqlite3.SQLITE_NOTADB: "it is no SQLite database; name another file",
}
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
_PROBE_BYTES = 65_536


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into an `OutboxError` that names the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise outbox_error(path, error) from error


def outbox_error(path: Path, error: sqlite3.Error) -> OutboxError:
    """Tell what is wrong and what helps; SQLite's own words where nothing better is known."""
    code = primary_code(error)
    if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN} and not _has_room(path.parent):
        # A full quota, and a full disk where the index of the log grows, come as such.
        code = sqlite3.SQLITE_FULL
    kind = OutboxBusy if code in _PASSING else OutboxError
    return kind(f"the outbox {path}: {_REMEDIES.get(code, str(error))}")


def primary_code(error: sqlite3.Error) -> int:
    """Tell the kind of an error; 0 where the module itself complains."""
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def lacks_room(error: OSError) -> bool:
    """Tell whether an error will pass when somebody makes room."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def _has_room(directory: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return not lacks_room(error)
    return True

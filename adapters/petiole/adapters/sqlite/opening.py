"""Opening the file with care: for its owner only, nobody else's, and brought up to date."""

import os
import sqlite3
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.commits import MIGRATION
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.faults import lacks_room, outbox_error
from petiole.adapters.sqlite.lock import PRIVATE, FileLock
from petiole.adapters.sqlite.schema import MIGRATIONS, STEPS
from petiole.adapters.sqlite.wholesale import DOOR
from petiole.core.errors import ConfigurationError, OutboxBusy
from petiole.core.failpoints import reach

APPLICATION_ID = 0x50455449
"""Stands in the header of the file, so that another program's database is not mistaken for ours."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

_PRAGMAS = (
    # What was enqueued must survive a power cut; NORMAL loses the last commits.
    "synchronous = FULL",
    # Nobody but petiole writes here, and its tests check every reference; SQLite's own check takes
    # a twentieth of a sync.
    "foreign_keys = OFF",
    "trusted_schema = OFF",
    "temp_store = FILE",
    "cache_size = -8192",
    # Pages of 4 KiB: what is written often in a big run is copied over once.
    "wal_autocheckpoint = 16384",
    "journal_size_limit = 67108864",
)
PATIENCE = timedelta(seconds=10)
"""How long to wait for whoever locks the file."""


def open_database(
    path: Path, *, patience: timedelta = PATIENCE, one_thread: bool = True
) -> Database:
    """Open the file, or make it, for its owner's eyes only, and bring its tables up to date.

    Without `one_thread`, several may use it, though never at the same time.

    Raises:
        ConfigurationError: the path cannot be such a file; the message names it and the remedy.
        OutboxBusy: it cannot be opened for now: locked, or no space left.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise ConfigurationError(
            f"SQLite {sqlite3.sqlite_version} is too old for the outbox; "
            f"use a Python that brings {'.'.join(map(str, OLDEST_SQLITE))} or newer"
        )
    # One file under two names would have two locks.
    path = path.resolve()
    _refuse_misfits(path)
    try:
        lock = FileLock(path.with_name(f"{path.name}.lock"), patience=patience)
        _make(path)
    except OSError as error:
        kind = OutboxBusy if lacks_room(error) else ConfigurationError
        raise kind(
            f"the outbox {path} cannot be opened: {error.strerror}; "
            "allow writing to the file and its directory and make room there, or name another file"
        ) from error
    try:
        return Database(path, lambda: _connected(path, patience, lock, one_thread=one_thread), lock)
    except BaseException:
        lock.close()
        raise


def _refuse_misfits(path: Path) -> None:
    if path.is_dir():
        raise ConfigurationError(f"the outbox {path} is a directory; name a file in it")
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"the directory {path.parent} of the outbox is not there; make it, or name another file"
        )


def _make(path: Path) -> None:
    """Make the file if it is not there.

    One that is there is left to SQLite: to close it here would take away the locks that this
    process holds on it by other connections (sqlite.org/howtocorrupt.html, section 2.2).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(0, "it cannot be written") from None


def _connected(path: Path, patience: timedelta, lock: FileLock, *, one_thread: bool) -> Tables:
    connection = sqlite3.connect(
        path,
        timeout=patience.total_seconds(),
        isolation_level=None,
        check_same_thread=one_thread,
    )
    try:
        tables = Tables(connection, execute_plugins=False)
        if not _is_ready(tables, path):
            with lock.held():
                _prepare(tables, path)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        connection.executescript(DOOR)
    except sqlite3.Error as error:
        connection.close()
        told = outbox_error(path, error)
        raise told if isinstance(told, OutboxBusy) else ConfigurationError(str(told)) from error
    except BaseException:
        connection.close()
        raise
    return tables


def _is_ready(tables: Tables, path: Path) -> bool:
    """Tell whether nothing need be written, so that who only reads waits for no writer."""
    if path.stat().st_size == 0:
        return False
    _refuse_strangers(tables, path)
    [(mode,)] = tables.conn.execute("PRAGMA journal_mode").fetchall()
    return mode == "wal" and not MIGRATIONS.pending(tables)


def _refuse_strangers(tables: Tables, path: Path) -> None:
    names = tables.table_names()
    # Another process may make them just now: only what is read later cannot be older than they are.
    [(application,)] = tables.conn.execute("PRAGMA application_id").fetchall()
    if names and application != APPLICATION_ID:
        raise ConfigurationError(
            f"the outbox {path} is another program's SQLite database; name another file"
        )
    unknown = {done.name for done in MIGRATIONS.applied(tables)} - STEPS.keys()
    if unknown:
        raise ConfigurationError(
            f"the outbox {path} was written by a newer petiole (schema {max(unknown)}); "
            "upgrade petiole, or name another file"
        )


def _prepare(tables: Tables, path: Path) -> None:
    """Make the tables, or bring them up to date; all at once or not at all."""
    connection = tables.conn
    _refuse_strangers(tables, path)
    connection.execute("PRAGMA journal_mode = WAL").close()
    connection.execute("PRAGMA synchronous = FULL").close()
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(tables)
        reach(MIGRATION.written)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    reach(MIGRATION.committed)

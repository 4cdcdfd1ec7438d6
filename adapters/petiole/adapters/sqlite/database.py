"""One connection to the file, opened with care, and the two kinds of transaction it is used in."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.faults import complaint, translated
from petiole.adapters.sqlite.lock import FileLock, open_private
from petiole.adapters.sqlite.schema import MIGRATIONS, STEPS
from petiole.core.errors import ConfigurationError, OutboxError

APPLICATION_ID = 0x50455449
"""Stands in the header of the file, so that another program's database is not mistaken for ours."""
OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

_PRAGMAS = (
    "journal_mode = WAL",
    # What was enqueued must survive a power cut; NORMAL loses the last commits.
    "synchronous = FULL",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "temp_store = FILE",
    "cache_size = -32768",
    # Pages of 4 KiB: what is written often in a big run is copied over once.
    "wal_autocheckpoint = 16384",
    "journal_size_limit = 67108864",
)
PATIENCE = timedelta(seconds=10)
"""How long to wait for a program that locks the file without queueing as petiole does."""


class Database:
    """One connection, for one thread. Writers of all processes queue at a lock file.

    So do checkpoints, which happen within a commit or a close: where two of them meet, SQLite
    before 3.51.3 may damage the file (sqlite.org/wal.html, "the WAL-reset bug").
    """

    def __init__(self, path: Path, tables: Tables, lock: FileLock) -> None:
        self.path = path
        self.tables = tables
        self._connection = tables.conn
        self._lock = lock
        self._identity = _identity(path)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Run one write transaction: it happens whole or not at all, and is on disk afterwards.

        Raises:
            OutboxError: the disk is full, the file locked or damaged, and the like.
        """
        connection = self._connection
        with self._lock.held(), translated(self.path):
            self._refuse_lost_file()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Read one state of the file; keep it short, for the log cannot be cleared meanwhile.

        Raises:
            OutboxError: the file cannot be read.
        """
        connection = self._connection
        with translated(self.path):
            self._refuse_lost_file()
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _refuse_lost_file(self) -> None:
        """A removed file can still be written, but nobody would ever read it again."""
        if _identity(self.path) != self._identity:
            raise OutboxError(
                f"the outbox {self.path} was removed or replaced while it was in use; "
                "put it back, or start again with the file that is there now"
            )

    def close(self) -> None:
        """Close, in turn with the writers: whoever closes last clears the log."""
        with self._lock.held():
            self.tables.close()
        self._lock.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell a file from any other that may come to bear its name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def open_database(path: Path, *, patience: timedelta = PATIENCE) -> Database:
    """Open the file, or make it, for its owner's eyes only, and bring its tables up to date.

    Raises:
        ConfigurationError: the path cannot be such a file; the message names it and the remedy.
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
        lock = FileLock(path.with_name(f"{path.name}.lock"))
        os.close(open_private(path))
    except OSError as error:
        raise ConfigurationError(
            f"the outbox {path} cannot be opened: {error.strerror}; "
            "allow writing to the file and its directory, or name another file"
        ) from error
    try:
        with lock.held():
            connection = sqlite3.connect(
                path, timeout=patience.total_seconds(), isolation_level=None
            )
            try:
                return Database(path, _prepared(connection, path), lock)
            except BaseException:
                connection.close()
                raise
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


def _prepared(connection: sqlite3.Connection, path: Path) -> Tables:
    try:
        tables = Tables(connection, execute_plugins=False)
        _refuse_strangers(tables, path)
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()
        _migrate(tables)
    except sqlite3.Error as error:
        raise ConfigurationError(f"the outbox {path}: {complaint(error)}") from error
    return tables


def _refuse_strangers(tables: Tables, path: Path) -> None:
    [(application,)] = tables.conn.execute("PRAGMA application_id").fetchall()
    if application != APPLICATION_ID and tables.table_names():
        raise ConfigurationError(
            f"the outbox {path} is another program's SQLite database; name another file"
        )
    unknown = {done.name for done in MIGRATIONS.applied(tables)} - STEPS.keys()
    if unknown:
        raise ConfigurationError(
            f"the outbox {path} was written by a newer petiole (schema {max(unknown)}); "
            "upgrade petiole, or name another file"
        )


def _migrate(tables: Tables) -> None:
    if not MIGRATIONS.pending(tables):
        return
    connection = tables.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(tables)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")

"""One connection to the file, and the two kinds of transaction that it is used in."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.commits import Commit
from petiole.adapters.sqlite.faults import outbox_error, primary_code
from petiole.adapters.sqlite.lock import FileLock
from petiole.adapters.sqlite.sheaves import are_there, write_out
from petiole.core.errors import OutboxError
from petiole.core.failpoints import reach


class Database:
    """One connection, for one thread. Writers of all processes queue at a lock file.

    So do checkpoints, which happen within a commit: where two of them meet, SQLite before 3.51.3
    may damage the file (sqlite.org/wal.html, "the WAL-reset bug"). One that happens as the last
    connection closes has the file for itself.

    Messages that are bound in sheaves are written out first; those who need no message in flight
    may leave them `bound`.
    """

    def __init__(self, path: Path, connect: Callable[[], Tables], lock: FileLock) -> None:
        self.path = path
        self.tables = connect()
        self._connect = connect
        self._lock = lock
        self._identity = _identity(path)
        self._has_failed = False

    @contextmanager
    def write(
        self, commit: Commit | None = None, *, bound: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """Run one write transaction: it happens whole or not at all, and is on disk afterwards.

        Statements that write many rows say OR ROLLBACK: one that fails ends the transaction. To
        undo it alone, SQLite would copy every page that it changes, a twentieth of a sync.

        Raises:
            OutboxBusy: the file is locked, or the disk is full.
            OutboxError: the file is damaged, the disk failed, and the like.
        """
        with self._lock.held(), self._translated():
            self._refuse_lost_file()
            connection = self._sound_connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                if not bound:
                    write_out(connection)
                yield connection
                if commit is not None:
                    reach(commit.written)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        if commit is not None:
            reach(commit.committed)

    @contextmanager
    def read(self, *, bound: bool = False) -> Iterator[sqlite3.Connection]:
        """Read one state of the file; keep it short, for the log cannot be cleared meanwhile.

        Raises:
            OutboxBusy: the file is locked even against reading, or messages cannot be written out.
            OutboxError: the file cannot be read.
        """
        with self._translated():
            self._refuse_lost_file()
            connection = self._sound_connection()
            connection.execute("BEGIN")
            try:
                if bound or not are_there(connection):
                    yield connection
                    return
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        with self.write() as tables:
            yield tables

    def write_out(self) -> None:
        """Write out messages that are bound, for who is to look beside a transaction."""
        with self.beside() as tables:
            if not are_there(tables):
                return
        with self.write():
            pass

    @contextmanager
    def beside(self) -> Iterator[sqlite3.Connection]:
        """Use the connection for what is attached to it, each statement by itself.

        Raises:
            OutboxError: a file cannot be read or written.
        """
        with self._translated():
            yield self._sound_connection()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._has_failed = primary_code(error) == sqlite3.SQLITE_IOERR
            raise outbox_error(self.path, error) from error

    def _sound_connection(self) -> sqlite3.Connection:
        """Open anew after the disk failed.

        What a failed fsync left in memory passes for written from then on, by this connection and
        by the kernel; only what is read again from the file can be believed.
        """
        if self._has_failed:
            self.tables.close()
            self.tables = self._connect()
            self._has_failed = False
        return self.tables.conn

    def _refuse_lost_file(self) -> None:
        """A removed file can still be written, but nobody would ever read it again."""
        if _identity(self.path) != self._identity:
            raise OutboxError(
                f"the outbox {self.path} was removed or replaced while it was in use; "
                "put it back, or start again with the file that is there now"
            )

    def close(self) -> None:
        """Close; whoever closes last clears the log.

        A writer that has the lock has the file open, too: then this is not the last, and need not
        wait for it.
        """
        with self._lock.held_if_free():
            self.tables.close()
        self._lock.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell a file from any other that may come to bear its name."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino

"""The file: opened with care, written whole or not at all, and nobody else's business."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from sqlite_utils import Database as Tables

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.lock import FileLock
from petiole.adapters.sqlite.opening import APPLICATION_ID, open_database
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.errors import ConfigurationError, OutboxBusy, OutboxError
from petiole.testing.changes import change, scope, snapshot
from petiole.testing.contracts.runs import NEWSLETTER, claim
from tests.repository import ROOT, SOURCE_ROOTS

ROOT_MAY_ALL = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")

INSERT_BATCH = """
INSERT INTO batch (connection, owner, claimed_at, lease_ends) VALUES ('a', 'b', 1, 2)
"""


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A careless umask."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(open_database(path, patience=timedelta())) as opened:
        yield opened


def only_value(database: Database, sql: str) -> object:
    with database.read() as tables:
        [(value,)] = tables.execute(sql).fetchall()
    return value


def test_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"is a directory; name a file in it"):
        open_database(tmp_path)


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere of the outbox is not there; make it"):
        open_database(tmp_path / "nowhere" / "petiole.db")


@ROOT_MAY_ALL
def test_file_that_cannot_be_written_is_refused(path: Path) -> None:
    path.touch(mode=0o400)

    with pytest.raises(ConfigurationError, match="allow writing to the file"):
        open_database(path)


def test_file_of_another_kind_is_refused(path: Path) -> None:
    path.write_text("CustomerKey;name\n1;Sanne\n" * 100)

    with pytest.raises(ConfigurationError, match="is no SQLite database; name another file"):
        open_database(path)


def test_database_of_another_program_is_refused_and_left_as_it_was(path: Path) -> None:
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE recipe (name TEXT)")
        theirs.commit()
    before = path.read_bytes()

    with pytest.raises(ConfigurationError, match="another program's SQLite database"):
        open_database(path)

    assert path.read_bytes() == before


def test_file_of_a_newer_petiole_is_refused(path: Path) -> None:
    with closing(open_database(path)) as ours, ours.write() as tables:
        tables.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('petiole', '9000', 'tomorrow')"
        )

    with pytest.raises(ConfigurationError, match=r"newer petiole \(schema 9000\); upgrade"):
        open_database(path)


def test_two_names_of_one_file_share_its_lock(path: Path) -> None:
    other = path.with_name("other.db")
    other.symlink_to(path)

    with closing(open_database(path)), closing(open_database(other)):
        locks = {file.name for file in path.parent.glob("*.lock")}

    assert locks == {"petiole.db.lock"}


def test_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()

    with closing(open_database(path)) as database:
        assert only_value(database, "SELECT count(*) FROM message") == 0


def test_refusals_leave_no_lock_behind(path: Path) -> None:
    path.write_text("no database\n" * 1000)
    for _ in range(2):
        with pytest.raises(ConfigurationError):
            open_database(path)

    path.unlink()
    open_database(path).close()


def test_what_was_written_survives_a_power_cut(database: Database) -> None:
    assert only_value(database, "PRAGMA journal_mode") == "wal"
    assert only_value(database, "PRAGMA synchronous") == 2


def test_database_guards_its_name(database: Database) -> None:
    assert only_value(database, "PRAGMA application_id") == APPLICATION_ID
    assert only_value(database, "PRAGMA integrity_check") == "ok"


def test_files_are_private_whatever_the_umask(path: Path, open_to_all: None) -> None:
    with open_store(path, clock=FrozenClock()) as store:
        store.outbox.enqueue([change(1)], folding=True)
        claim(store)
        with store.ledger.compare(scope(), snapshot((1, {})), mirror=True):
            modes = {file.name: oct(file.stat().st_mode & 0o777) for file in path.parent.iterdir()}

    assert {"petiole.db", "petiole.db-wal", "petiole.db-shm", "petiole.db.lock"} < modes.keys()
    assert set(modes.values()) == {"0o600"}


def test_write_that_fails_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as tables:
            tables.execute(INSERT_BATCH)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()

    assert only_value(database, "SELECT count(*) FROM batch") == 0


def test_statement_that_ends_its_transaction_leaves_nothing(database: Database) -> None:
    spoiled = INSERT_BATCH.replace("INSERT", "INSERT OR ROLLBACK").replace("'a'", "NULL")

    def fail_at_the_second() -> None:
        with database.write() as tables:
            tables.execute(INSERT_BATCH)
            tables.execute(spoiled)

    with pytest.raises(OutboxError, match=r"NOT NULL"):
        fail_at_the_second()

    assert only_value(database, "SELECT count(*) FROM batch") == 0
    with database.write() as tables:
        tables.execute(INSERT_BATCH)
    assert only_value(database, "SELECT count(*) FROM batch") == 1


def test_full_disk_is_told_and_what_was_there_stays(path: Path, store: SqliteStore) -> None:
    store.outbox.enqueue([change(1)], folding=True)
    tables = store.outbox._database.tables
    [(pages,)] = tables.conn.execute("PRAGMA page_count").fetchall()
    tables.conn.execute(f"PRAGMA max_page_count = {pages + 2}").close()

    with pytest.raises(OutboxBusy, match=r"petiole\.db: no space is left"):
        store.outbox.enqueue([change(n, fields={"a": "x" * 999}) for n in range(99)], folding=True)

    assert store.bookkeeping.tally(NEWSLETTER).enqueued == 1
    tables.conn.execute("PRAGMA max_page_count = 100000").close()
    assert store.outbox.enqueue([change(2)], folding=True).enqueued == 1


def test_file_that_another_program_locks_is_told_and_used_again_after_that(
    path: Path, database: Database
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(OutboxBusy, match="another program keeps it locked"), database.write():
            pass

    with database.write() as tables:
        tables.execute(INSERT_BATCH)


def test_who_only_reads_waits_for_no_writer(path: Path, clock: FrozenClock) -> None:
    open_database(path).close()
    with (
        closing(open_database(path)) as writing,
        writing.write(),
        open_store(path, clock=clock) as reading,
    ):
        assert reading.bookkeeping.tally(NEWSLETTER).enqueued == 0
        assert reading.states.change(NEWSLETTER, lambda state: state) == HEALTHY
        assert reading.outbox.backlog(NEWSLETTER, BatchPolicy()).claimable == 0


def test_log_of_a_killed_process_is_used(path: Path, clock: FrozenClock) -> None:
    script = """
import os, sys
from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.testing.contracts.runs import fill
with open_store(sys.argv[1], clock=FrozenClock()) as store:
    fill(store, 1, 3)
    os._exit(9)
"""
    environment = {"PYTHONPATH": ":".join(map(str, [*SOURCE_ROOTS, ROOT]))}
    command = [sys.executable, "-c", script, str(path)]
    ended = subprocess.run(command, env=environment, check=False)
    left = path.with_name("petiole.db-wal").stat().st_size

    with open_store(path, clock=clock) as store:
        assert store.bookkeeping.audit(NEWSLETTER).enqueued == 3

    assert (ended.returncode, left > 0) == (9, True)


class FailingDisk(sqlite3.Connection):
    """A connection whose first commit meets a disk that fails to flush."""

    failures: ClassVar[list[sqlite3.OperationalError]] = []

    def execute(self, sql: str, parameters: Sequence[str] = (), /) -> sqlite3.Cursor:  # type: ignore[override]  # as much as is used here
        if sql == "COMMIT" and self.failures:
            raise self.failures.pop()
        return super().execute(sql, parameters)


def test_connection_that_met_a_failing_disk_is_never_used_again(path: Path) -> None:
    open_database(path).close()
    opened: list[sqlite3.Connection] = []

    def connect() -> Tables:
        opened.append(sqlite3.connect(path, isolation_level=None, factory=FailingDisk))
        return Tables(opened[-1])

    failure = sqlite3.OperationalError("disk I/O error")
    failure.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    lock = FileLock(path.with_name("petiole.db.lock"), patience=timedelta())
    with closing(Database(path, connect, lock)) as database:
        FailingDisk.failures = [failure]
        with (
            pytest.raises(OutboxError, match="the disk failed") as raised,
            database.write() as tables,
        ):
            tables.execute(INSERT_BATCH)

        assert not isinstance(raised.value, OutboxBusy)
        assert only_value(database, "SELECT count(*) FROM batch") == 0
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            opened[0].execute("SELECT 1")
        assert len(opened) == 2


def test_damaged_file_is_told(path: Path) -> None:
    with closing(open_database(path)) as database, database.write() as tables:
        tables.executemany(
            "INSERT INTO batch (connection, owner, claimed_at, lease_ends) VALUES (?, 1, 1, 1)",
            [("x" * 500,)] * 500,
        )
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    path.write_bytes(content)

    with (
        pytest.raises((ConfigurationError, OutboxError), match="damaged"),
        closing(open_database(path)) as database,
    ):
        only_value(database, "SELECT sum(length(connection)) FROM batch NOT INDEXED")


def test_reader_does_not_stop_a_writer(path: Path, database: Database) -> None:
    with closing(open_database(path)) as writer, database.read() as tables:
        before = tables.execute("SELECT count(*) FROM batch").fetchall()
        with writer.write() as other:
            other.execute(INSERT_BATCH)
        after = tables.execute("SELECT count(*) FROM batch").fetchall()

    assert before == after == [(0,)]
    assert only_value(database, "SELECT count(*) FROM batch") == 1


@pytest.mark.parametrize("replaced", [False, True])
def test_file_that_was_removed_in_use_is_noticed(path: Path, *, replaced: bool) -> None:
    with open_store(path, clock=FrozenClock()) as store:
        path.unlink()
        if replaced:
            path.touch()

        with pytest.raises(OutboxError, match="removed or replaced"):
            store.outbox.backlog(NEWSLETTER, BatchPolicy())
        with pytest.raises(OutboxError, match="removed or replaced"):
            store.states.change(NEWSLETTER, lambda _: ConnectionState(failures=1))

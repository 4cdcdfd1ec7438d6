"""The tables, and how they come about."""

import sqlite3
from contextlib import closing
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlite_utils import Database as Tables

from petiole.adapters.sqlite import SqliteStore
from petiole.adapters.sqlite.opening import _refuse_strangers, open_database
from petiole.adapters.sqlite.schema import STEPS
from petiole.core.domain.breaker import Hold, PauseReason
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import MessageState
from petiole.testing.changes import change

PROCESSES = 5


def migrate(path: Path, start: Barrier) -> None:
    start.wait()
    open_database(path).close()


def test_processes_that_start_at_once_all_find_their_tables(path: Path) -> None:
    context = get_context("spawn")
    start = context.Barrier(PROCESSES)
    processes = [context.Process(target=migrate, args=(path, start)) for _ in range(PROCESSES)]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    with closing(sqlite3.connect(path)) as tables:
        applied = tables.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
    assert applied == [(name,) for name in STEPS]


@pytest.mark.parametrize("statement", [1, 2, 3])
def test_file_that_is_made_while_it_is_looked_at_is_no_strangers(
    path: Path, statement: int
) -> None:
    numbers = count(1)

    def make_it_now(_: str) -> None:
        if next(numbers) == statement:
            open_database(path).close()

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.set_trace_callback(make_it_now)
        _refuse_strangers(Tables(connection, execute_plugins=False), path)

        [(tables,)] = connection.execute("SELECT count(*) > 0 FROM sqlite_schema").fetchall()
    assert tables


def test_migrations_are_numbered_without_gaps() -> None:
    assert list(STEPS) == [f"{number:04}" for number in range(1, len(STEPS) + 1)]


def test_second_opening_changes_nothing(path: Path) -> None:
    open_database(path).close()
    before = path.read_bytes()

    open_database(path).close()

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("message", "state", MessageState),
        ("message", "kind", ChangeKind),
        ("profile", "identifier_type", IdentifierType),
        ("connection_state", "paused", PauseReason),
        ("connection_state", "hold", Hold),
    ],
)
def test_database_repeats_the_closed_sets(
    path: Path, store: SqliteStore, table: str, column: str, values: type[MessageState]
) -> None:
    with closing(sqlite3.connect(path)) as tables:
        [(sql,)] = tables.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,))

    assert {value for value in values if f"{column} = '{value}'" in sql} == set(values)


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE message SET state = 'lost'",
        "UPDATE message SET state = 'delivered'",
        "UPDATE message SET state = 'delivered', settled_at = 1",
        "UPDATE message SET state = 'in_flight'",
        "UPDATE message SET head = NULL",
        "UPDATE message SET failure = 'abc'",
        "UPDATE message SET state = 'dead', settled_at = 1",
        "UPDATE message SET state = 'delivered', settled_at = 1, due_at = 1, head = NULL",
        "UPDATE message SET superseded = 2",
        "UPDATE message SET attempts = -1",
        "UPDATE message SET folded_into = 1",
        "UPDATE message SET batch = 99",
        "UPDATE message SET profile = 99",
        "UPDATE message SET head = 1 WHERE id = 2",
        "UPDATE message SET id = 'one'",
        "UPDATE content SET fields = NULL",
        "UPDATE content SET fields = x'7b7d'",
        "UPDATE content SET message = 99 WHERE message = 1",
        "INSERT INTO content (message, fields) VALUES (1, '{}')",
        "DELETE FROM message",
        "UPDATE tally SET pending = pending + 1",
        "UPDATE tally SET pending = -1, enqueued = -1",
        "UPDATE profile_key SET key = (SELECT min(key) FROM profile_key)",
        "UPDATE profile_key SET profile = 99",
    ],
)
def test_database_refuses_what_cannot_be(path: Path, store: SqliteStore, spoil: str) -> None:
    changes = [change(1), change(1, ChangeKind.UPDATE), change(2)]
    store.outbox.enqueue(changes, folding=False)

    with closing(sqlite3.connect(path)) as tables:
        tables.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            tables.execute(spoil)


def test_event_id_is_unique_by_the_database_itself(path: Path, store: SqliteStore) -> None:
    store.outbox.enqueue([change(1, id_="a"), change(2, id_="b")], folding=True)

    with closing(sqlite3.connect(path)) as tables, pytest.raises(sqlite3.IntegrityError):
        tables.execute("UPDATE message SET event = 'a'")

"""What is in a file, and files like it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

Rows: TypeAlias = dict[str, list[tuple[object, ...]]]


def rows(path: Path) -> Rows:
    """Everything that is in a file, table by table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr)  # noqa: S608 - our own names
            for (name,) in tables.fetchall()
        }


def copy(path: Path) -> Path:
    """Copy a file, as it stands, to one beside it."""
    twin = path.with_name("twin.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(twin)) as target:
        source.backup(target)
    return twin


def bound(path: Path) -> int:
    """Tell how many batches are sheaves."""
    with closing(sqlite3.connect(path)) as connection:
        [(number,)] = connection.execute("SELECT count(*) FROM sheaf").fetchall()
    return int(number)


def spoil_sums(path: Path) -> None:
    """Let the sums be so small that nothing more can be taken from them."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE tally SET enqueued = 0, in_flight = 0")

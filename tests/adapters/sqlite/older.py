"""Files of earlier schemas."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlite_utils import Database as Tables

from petiole.adapters.sqlite.opening import APPLICATION_ID
from petiole.adapters.sqlite.schema import MIGRATIONS


@contextmanager
def older_file(path: Path, *, before: str) -> Iterator[sqlite3.Connection]:
    """Make a file with the tables that there were before a migration, and open it to be filled."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        MIGRATIONS.apply(Tables(connection), stop_before=before)
        yield connection

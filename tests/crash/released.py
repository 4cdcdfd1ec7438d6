"""Files as released versions of the program left them, with changes in every state."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database as Tables
from sqlite_utils import Migrations

from petiole.adapters.sqlite.opening import APPLICATION_ID
from petiole.adapters.sqlite.profiles import key_of
from petiole.adapters.sqlite.schema import STEPS
from petiole.core.domain.change import AccountName
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from tests.crash.story import NAME, SEGMENT

FIRST = next(iter(STEPS))
_LONG_AGO = 1_760_000_000_000_000
_PENDING_LATER = 1_760_000_600_000_000

ROWS: Sequence[tuple[str, int, str, int]] = [
    ("11000", 0, "pending", 1),
    ("11001", 0, "pending", 1),
    ("11001", 1, "pending", 0),
    ("11002", 0, "in_flight", 1),
    ("11003", 0, "in_flight", 1),
    ("11003", 1, "pending", 0),
    ("11004", 0, "delivered", 0),
    ("11005", 0, "pending", 1),
    ("11005", 1, "folded", 0),
    ("11006", 0, "parked", 1),
    ("11006", 1, "pending", 0),
    ("11007", 0, "dead", 0),
    ("11008", 0, "erased", 0),
    ("11009", 0, "retry", 1),
]
"""A profile, the number of its change, its state ("retry" is pending until a later moment), and
whether it is the first in its line."""

TALLY = {"pending": 7, "in_flight": 2, "delivered": 1, "folded": 1, "parked": 1, "dead": 1} | {
    "erased": 1
}
_BATCH = 1
_SETTLED = {"delivered", "folded", "parked", "dead", "erased"}


def leave(path: Path, schema: str) -> None:
    """Make the file of the first version, and bring it up to a later one."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").close()
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _migrate(connection, FIRST)
        connection.execute("BEGIN")
        _fill(connection)
        connection.execute("COMMIT")
        _migrate(connection, schema)


def _migrate(connection: sqlite3.Connection, last: str) -> None:
    migrations = Migrations("petiole")
    for name, step in STEPS.items():
        if name <= last:
            migrations(name=name)(step)
    connection.execute("BEGIN IMMEDIATE")
    migrations.apply(Tables(connection, execute_plugins=False))
    connection.execute("COMMIT")


def _fill(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO batch (id, connection, owner, claimed_at, lease_until) VALUES (?, ?, ?, ?, ?)",
        (_BATCH, NAME, "runner-of-old", _LONG_AGO, _LONG_AGO * 2),
    )
    for profile, number, state, head in ROWS:
        _add_message(connection, profile, number, state, head)
    names, numbers = ", ".join(TALLY), ", ".join(map(str, TALLY.values()))
    connection.execute(
        f"INSERT INTO tally (connection, enqueued, {names}) VALUES (?, ?, {numbers})",  # noqa: S608 - constants of this module
        (NAME, len(ROWS)),
    )


def _add_message(
    connection: sqlite3.Connection, profile: str, number: int, state: str, head: int
) -> None:
    fields = Fields.of({"number": number})
    has_fields = state not in {"folded", "erased"}
    row = {
        "event": f"{profile}-{number}",
        "profile": _profile(connection, profile),
        "connection": NAME,
        "segment": SEGMENT,
        "kind": "add",
        "fields": fields.text if has_fields else None,
        "fingerprint": fields.fingerprint if has_fields else None,
        "weight_bytes": len(fields.text),
        "state": "pending" if state == "retry" else state,
        "head": head,
        "attempts": int(state not in {"pending", "folded"}),
        "due_at": _PENDING_LATER if state == "retry" else None,
        "batch": _BATCH if state == "in_flight" else None,
        "occurred_at": _LONG_AGO,
        "enqueued_at": _LONG_AGO,
        "settled_at": _LONG_AGO if state in _SETTLED else None,
        "folded_into": 1 if state == "folded" else None,
        "code": "105" if state in {"dead", "parked"} else "",
        "reason": "refused" if state in {"dead", "parked"} else "",
    }
    marks = ", ".join("?" for _ in row)
    connection.execute(
        f"INSERT INTO message ({', '.join(row)}) VALUES ({marks})",  # noqa: S608 - names of columns
        list(row.values()),
    )
    if state == "delivered":
        held = (NAME, SEGMENT, row["profile"], fields.fingerprint)
        connection.execute("INSERT INTO ledger VALUES (?, ?, ?, ?)", held)


def _profile(connection: sqlite3.Connection, profile: str) -> int:
    key = key_of(AccountName(NAME), Identifier.customer_id(profile))
    row = (key, NAME, "customer-id", profile)
    connection.execute(
        "INSERT OR IGNORE INTO profile (key, account, identifier_type, identifier)"
        " VALUES (?, ?, ?, ?)",
        row,
    )
    [(id_,)] = connection.execute("SELECT id FROM profile WHERE key = ?", (key,))
    return int(id_)

"""Deliveries: messages that the platform has, and what that changes in the ledger."""

import sqlite3
from collections.abc import Iterable
from typing import TypeAlias

Count: TypeAlias = tuple[str, str, bool, int]
"""connection, segment, whether these are removals, how many were delivered."""

_DELIVER = """
UPDATE message SET state = 'delivered', head = NULL, settled_at = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_ENTER = """
INSERT INTO ledger (connection, segment, profile, fingerprint)
SELECT connection, segment, profile, fingerprint FROM message
WHERE id IN (SELECT value FROM json_each(?)) AND kind <> 'remove'
ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint
"""


def counting(those: str) -> str:
    """Write the statement that counts those messages (a table and a condition) as `Count`."""
    return f"""
        SELECT connection, segment, kind = 'remove', count(*) FROM {those}
        GROUP BY connection, segment, kind = 'remove'
    """  # noqa: S608 - made of constants


def striking(those: str) -> str:
    """Write the statement that strikes from the ledger whom those messages removed."""
    return f"""
        DELETE FROM ledger WHERE (connection, segment, profile) IN (
            SELECT connection, segment, profile FROM {those} AND kind = 'remove'
        )
    """  # noqa: S608 - made of constants


_NAMED = "message WHERE id IN (SELECT value FROM json_each(?))"
_COUNTS, _STRIKE = counting(_NAMED), striking(_NAMED)
_USE = """
INSERT INTO segment_use (connection, segment, accepted, first_at, last_at)
VALUES (:connection, :segment, :accepted, :now, :now)
ON CONFLICT DO UPDATE SET
    accepted = accepted + excluded.accepted, last_at = excluded.last_at
"""


def deliver(connection: sqlite3.Connection, ids: str, now: int) -> None:
    """Mark messages (a JSON list) as delivered, each out of its line, and note them as held."""
    connection.execute(_DELIVER, (now, ids))
    enter(connection, ids, now)


def enter(connection: sqlite3.Connection, ids: str, now: int) -> None:
    """Note delivered messages (a JSON list) as held, or as gone, and count them by segment."""
    counts = connection.execute(_COUNTS, (ids,)).fetchall()
    if not all(is_removal for _, _, is_removal, _ in counts):
        connection.execute(_ENTER, (ids,))
    if any(is_removal for _, _, is_removal, _ in counts):
        connection.execute(_STRIKE, (ids,))
    count(connection, counts, now)


def count(connection: sqlite3.Connection, counts: Iterable[Count], now: int) -> None:
    """Count what was accepted by segment."""
    for name, segment, is_removal, number in counts:
        if not is_removal:
            use = {"connection": name, "segment": segment, "accepted": number, "now": now}
            connection.execute(_USE, use)

"""Deliveries: messages that the platform has, and what that changes in the ledger."""

import sqlite3

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
_STRIKE = """
DELETE FROM ledger WHERE (connection, segment, profile) IN (
    SELECT connection, segment, profile FROM message
    WHERE id IN (SELECT value FROM json_each(?)) AND kind = 'remove'
)
"""


def deliver(connection: sqlite3.Connection, ids: str, now: int) -> None:
    """Mark messages (a JSON list) as delivered, each out of its line, and note them as held."""
    connection.execute(_DELIVER, (now, ids))
    enter(connection, ids)


def enter(connection: sqlite3.Connection, ids: str) -> None:
    """Note delivered messages (a JSON list) as held, or as gone."""
    connection.execute(_ENTER, (ids,))
    connection.execute(_STRIKE, (ids,))

"""Pruning: forgetting what is over, a few messages at a time, and what is kept of them alone."""

import json
import sqlite3
from collections.abc import Iterable

_OVER = """
SELECT id FROM message INDEXED BY message_over
WHERE head IS NULL AND failure IS NULL AND settled_at < ? ORDER BY settled_at, id LIMIT ?
"""
_SUPERSEDE = """
UPDATE message SET superseded = 1 WHERE superseded = 0 AND id IN (
    SELECT letter.id FROM json_each(?) AS asked
    CROSS JOIN message AS later ON later.id = asked.value AND later.state = 'delivered'
    CROSS JOIN message AS letter INDEXED BY letter_profile
        ON letter.profile = later.profile AND letter.failure IS NOT NULL AND letter.id < later.id
)
"""
_REMEMBER_IDS = """
INSERT OR IGNORE INTO seen (connection, event) SELECT connection, event FROM message
WHERE id IN (SELECT value FROM json_each(?)) AND event IS NOT NULL
"""
_THEIR_HAPPENINGS = """
SELECT DISTINCT happening FROM happened WHERE message IN (SELECT value FROM json_each(?))
"""
_THEIR_BATCHES = """
SELECT DISTINCT batch FROM message
WHERE id IN (SELECT value FROM json_each(?)) AND batch IS NOT NULL
"""
_UNTIE = "DELETE FROM happened WHERE message IN (SELECT value FROM json_each(?))"
_FORGET_CONTENT = "DELETE FROM content WHERE message IN (SELECT value FROM json_each(?))"
_FORGET = "DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))"
_FORGET_HAPPENINGS = """
DELETE FROM happening WHERE id IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM happened WHERE happened.happening = happening.id)
RETURNING batch
"""
_IDLE_BATCHES = """
SELECT batch.id FROM json_each(?) AS asked CROSS JOIN batch ON batch.id = asked.value
WHERE NOT EXISTS (
    SELECT 1 FROM message INDEXED BY message_batch WHERE message.batch = batch.id
) AND NOT EXISTS (
    SELECT 1 FROM happening INDEXED BY happening_batch WHERE happening.batch = batch.id
)
"""
_FORGET_CLAIMS = "DELETE FROM lost_claim WHERE batch IN (SELECT value FROM json_each(?))"
_FORGET_BATCHES = "DELETE FROM batch WHERE id IN (SELECT value FROM json_each(?))"


def prune(connection: sqlite3.Connection, *, before: int, most: int) -> int:
    """Forget up to `most` messages that were over before a moment; tells how many."""
    ids = _numbers(connection.execute(_OVER, (before, most)))
    if not ids:
        return 0
    messages = json.dumps(ids)
    connection.execute(_SUPERSEDE, (messages,))
    connection.execute(_REMEMBER_IDS, (messages,))
    happenings = json.dumps(_numbers(connection.execute(_THEIR_HAPPENINGS, (messages,))))
    batches = set(_numbers(connection.execute(_THEIR_BATCHES, (messages,))))
    connection.execute(_UNTIE, (messages,))
    connection.execute(_FORGET_CONTENT, (messages,))
    connection.execute(_FORGET, (messages,))
    batches.update(_numbers(connection.execute(_FORGET_HAPPENINGS, (happenings,))))
    idle = json.dumps(_numbers(connection.execute(_IDLE_BATCHES, (json.dumps(list(batches)),))))
    connection.execute(_FORGET_CLAIMS, (idle,))
    connection.execute(_FORGET_BATCHES, (idle,))
    return len(ids)


def _numbers(rows: Iterable[tuple[int | None]]) -> list[int]:
    return [number for (number,) in rows if number is not None]

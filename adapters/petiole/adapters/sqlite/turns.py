"""Whose turn it is: who stands at the head of a line when somebody leaves it or comes back.

The order in a line is that of the ids, but what is in flight stands at the head.
"""

import sqlite3

_LET_FORWARD = """
UPDATE message SET head = 1 WHERE id IN (
    SELECT (
        SELECT b.id FROM message AS b INDEXED BY message_behind
        WHERE b.profile = m.profile AND b.head = 0 ORDER BY b.id LIMIT 1
    )
    FROM message AS m WHERE m.id IN (SELECT value FROM json_each(?))
)
"""
_YIELD = """
UPDATE message SET head = 0 WHERE id IN (
    SELECT front.id FROM json_each(?) AS asked
    CROSS JOIN message AS m ON m.id = asked.value
    CROSS JOIN message AS front INDEXED BY message_head
        ON front.profile = m.profile AND front.head = 1
    WHERE front.state <> 'in_flight' AND EXISTS (
        SELECT 1 FROM message AS b INDEXED BY message_behind
        WHERE b.profile = front.profile AND b.head = 0 AND b.id < front.id
    )
)
"""
_CLOSE_UP = """
UPDATE message SET head = 1 WHERE id IN (
    SELECT (
        SELECT b.id FROM message AS b INDEXED BY message_behind
        WHERE b.profile = m.profile AND b.head = 0 ORDER BY b.id LIMIT 1
    )
    FROM json_each(?) AS asked CROSS JOIN message AS m ON m.id = asked.value
    WHERE NOT EXISTS (
        SELECT 1 FROM message AS front INDEXED BY message_head
        WHERE front.profile = m.profile AND front.head = 1
    )
)
"""


def let_forward(connection: sqlite3.Connection, ids: str) -> None:
    """Let the next ones come forward, where these (a JSON list) have just left the head."""
    connection.execute(_LET_FORWARD, (ids,))


def line_up(connection: sqlite3.Connection, ids: str) -> None:
    """Put the lines of these (a JSON list) in order, wherever in or out of them they stand."""
    connection.execute(_YIELD, (ids,))
    connection.execute(_CLOSE_UP, (ids,))

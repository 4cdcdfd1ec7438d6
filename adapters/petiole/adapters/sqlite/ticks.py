"""Ticks: one for each transaction that is told of later, ascending whatever the clock does."""

import sqlite3

_NEXT = "UPDATE tick SET last = last + 1 RETURNING last"


def next_tick(connection: sqlite3.Connection) -> int:
    """Begin a new one; belongs to the transaction that it is asked in."""
    [(tick,)] = connection.execute(_NEXT).fetchall()
    return int(tick)

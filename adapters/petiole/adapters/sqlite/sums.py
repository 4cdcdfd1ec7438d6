"""The kept sums: changed in the same transaction as the messages that they count."""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import Tally

_ORDER = (
    MessageState.PENDING,
    MessageState.IN_FLIGHT,
    MessageState.DELIVERED,
    MessageState.FOLDED,
    MessageState.PARKED,
    MessageState.DEAD,
    MessageState.ERASED,
)
_ADD = """
INSERT INTO tally (
    connection, enqueued, pending, in_flight, delivered, folded, parked, dead, erased, tick
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
"""
_CHANGE = """
UPDATE tally SET
    enqueued = enqueued + ?,
    pending = pending + ?,
    in_flight = in_flight + ?,
    delivered = delivered + ?,
    folded = folded + ?,
    parked = parked + ?,
    dead = dead + ?,
    erased = erased + ?,
    tick = tick + 1
WHERE connection = ?
"""
_NEXT_TICK = "SELECT tick + 1 FROM tally WHERE connection = ?"
_KEPT = """
SELECT enqueued, pending, in_flight, delivered, folded, parked, dead, erased
FROM tally WHERE connection = ?
"""
_NAMES = "SELECT connection FROM tally ORDER BY connection"


def add(
    connection: sqlite3.Connection, name: ConnectionName, by: Mapping[MessageState, int]
) -> None:
    """Count what was enqueued, or moved from one state to another: the sum of `by` is new.

    Begins the connection's next tick, too; there is nothing in `by` if that is all.
    """
    numbers = (sum(by.values()), *(by.get(state, 0) for state in _ORDER))
    if connection.execute(_CHANGE, (*numbers, name)).rowcount == 0:
        connection.execute(_ADD, (name, *numbers))


def next_tick(connection: sqlite3.Connection, name: ConnectionName) -> int:
    """Tell the tick of what is written until the sums are next added to."""
    row = connection.execute(_NEXT_TICK, (name,)).fetchone()
    return 1 if row is None else int(row[0])


def names(connection: sqlite3.Connection) -> Sequence[ConnectionName]:
    """Name the connections for which anything was ever enqueued."""
    return [ConnectionName(name) for (name,) in connection.execute(_NAMES)]


def kept(connection: sqlite3.Connection, name: ConnectionName) -> Tally:
    """Read the kept sums."""
    row = connection.execute(_KEPT, (name,)).fetchone()
    if row is None:
        return Tally()
    return Tally(
        enqueued=row[0],
        states={state: n for state, n in zip(_ORDER, row[1:], strict=True) if n},
    )


def counted(connection: sqlite3.Connection, name: ConnectionName) -> Tally:
    """Count the rows one by one."""
    rows = connection.execute(
        "SELECT state, count(*) FROM message WHERE connection = ? GROUP BY state", (name,)
    )
    states = Counter({MessageState(state): number for state, number in rows})
    return Tally(enqueued=states.total(), states=states)

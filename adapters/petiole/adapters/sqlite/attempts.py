"""The records of attempts, kept with their batches, and the calls of each quarter of an hour."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import timedelta

from petiole.adapters.sqlite.instants import span_micros, to_micros
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import BatchId
from petiole.core.exchange import Exchange

QUARTER_MICROS = span_micros(timedelta(minutes=15))
LONGEST_TROUBLE_CHARACTERS = 2_000

_END = """
UPDATE batch SET
    settled_at = ?, began_at = ?, ended_at = ?, calls = ?, trouble = ?, exchanges = ?,
    settle_tick = (SELECT tick + 1 FROM tally WHERE tally.connection = batch.connection)
WHERE id = ? AND epoch = ? AND settled_at IS NULL RETURNING connection, settle_tick
"""
_USE = """
INSERT INTO usage (connection, quarter, calls) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET calls = calls + excluded.calls
"""


def end(
    connection: sqlite3.Connection, batch: BatchId, epoch: int, record: AttemptRecord, now: int
) -> tuple[ConnectionName, int] | None:
    """End a batch, and keep the record of it; tells its connection, and the tick of this.

    `None` where the batch was claimed anew, or settled, meanwhile.
    """
    row = (
        now,
        to_micros(record.began_at),
        to_micros(record.ended_at),
        record.calls,
        record.trouble[:LONGEST_TROUBLE_CHARACTERS],
        _to_json(record.exchanges),
        batch,
        epoch,
    )
    ended = connection.execute(_END, row).fetchall()
    return (ConnectionName(ended[0][0]), ended[0][1]) if ended else None


def count_calls(
    connection: sqlite3.Connection, calls: Mapping[tuple[ConnectionName, int], int]
) -> None:
    """Add to the calls of connections in quarters."""
    rows = [(name, quarter, number) for (name, quarter), number in calls.items() if number]
    connection.executemany(_USE, rows)


def quarter_of(micros: int) -> int:
    """Tell when the quarter of an hour began that holds a moment."""
    return micros - micros % QUARTER_MICROS


def _to_json(exchanges: Sequence[Exchange]) -> str | None:
    if not exchanges:
        return None
    return json.dumps([[one.request, one.answer] for one in exchanges], ensure_ascii=False)


def from_json(text: str | None) -> Sequence[Exchange]:
    """Read the exchanges of an attempt."""
    if text is None:
        return ()
    return tuple(Exchange(request=request, answer=answer) for request, answer in json.loads(text))

"""The records of attempts: one row for each batch and claim, and the calls of each quarter hour."""

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

_ADD = """
INSERT INTO attempt (batch, epoch, claim_tick, began_at, ended_at, calls, trouble, exchanges)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_USE = """
INSERT INTO usage (connection, quarter, calls) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET calls = calls + excluded.calls
"""


def keep(
    connection: sqlite3.Connection,
    batch: BatchId,
    epoch: int,
    claim_tick: int,
    record: AttemptRecord,
) -> None:
    """Keep what is known of a claim that was settled."""
    row = (
        batch,
        epoch,
        claim_tick,
        to_micros(record.began_at),
        to_micros(record.ended_at),
        record.calls,
        record.trouble[:LONGEST_TROUBLE_CHARACTERS],
        _to_json(record.exchanges),
    )
    connection.execute(_ADD, row)


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

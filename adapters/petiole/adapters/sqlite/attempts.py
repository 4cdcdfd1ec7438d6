"""The records of attempts, kept with their batches, and the calls of each quarter of an hour."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from petiole.adapters.sqlite.instants import span_micros, to_micros
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import BatchId, MessageId
from petiole.core.exchange import Exchange

QUARTER_MICROS = span_micros(timedelta(minutes=15))
LONGEST_TROUBLE_CHARACTERS = 2_000

_OURS = """
SELECT json_group_array(json_array(id, connection, tick, json(messages))) FROM (
    SELECT batch.id, batch.connection, tally.tick + 1 AS tick,
        (
            SELECT json_group_array(message.id) FROM message INDEXED BY message_batch
            WHERE message.batch = batch.id AND message.state = 'in_flight'
        ) AS messages
    FROM json_each(?) AS asked
    CROSS JOIN batch ON batch.id = json_extract(asked.value, '$[0]')
        AND batch.epoch = json_extract(asked.value, '$[1]')
    CROSS JOIN tally ON tally.connection = batch.connection
    WHERE batch.settled_at IS NULL
)
"""
_END = """
UPDATE batch SET
    settled_at = ?,
    settle_tick = json_extract(ended.value, '$[1]'),
    began_at = json_extract(ended.value, '$[2]'),
    ended_at = json_extract(ended.value, '$[3]'),
    calls = json_extract(ended.value, '$[4]'),
    trouble = json_extract(ended.value, '$[5]'),
    exchanges = json_extract(ended.value, '$[6]')
FROM json_each(?) AS ended WHERE batch.id = json_extract(ended.value, '$[0]')
"""
_USE = """
INSERT INTO usage (connection, quarter, calls) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET calls = calls + excluded.calls
"""


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch that may be settled now: whose it is, the tick of that, and its messages."""

    connection: ConnectionName
    tick: int
    messages: Collection[MessageId]


def ours(
    connection: sqlite3.Connection, claims: Iterable[tuple[BatchId, int]]
) -> Mapping[BatchId, OpenBatch]:
    """Find those of some claims (a batch and its epoch) that nobody claimed anew, or settled.

    Asked in one statement and answered in one row: between two, this thread waits until others
    let go of the interpreter.
    """
    [(found,)] = connection.execute(_OURS, (json.dumps(list(claims)),)).fetchall()
    return {
        BatchId(id_): OpenBatch(ConnectionName(name), tick, messages)
        for id_, name, tick, messages in json.loads(found)
    }


def end(
    connection: sqlite3.Connection, records: Iterable[tuple[BatchId, int, AttemptRecord]], now: int
) -> None:
    """End batches, each in its tick, and keep the record of each."""
    rows = [
        (
            batch,
            tick,
            to_micros(record.began_at),
            to_micros(record.ended_at),
            record.calls,
            record.trouble[:LONGEST_TROUBLE_CHARACTERS],
            to_json(record.exchanges),
        )
        for batch, tick, record in records
    ]
    connection.execute(_END, (now, json.dumps(rows)))


def count_calls(
    connection: sqlite3.Connection, calls: Mapping[tuple[ConnectionName, int], int]
) -> None:
    """Add to the calls of connections in quarters."""
    rows = [(name, quarter, number) for (name, quarter), number in calls.items() if number]
    connection.executemany(_USE, rows)


def quarter_of(micros: int) -> int:
    """Tell when the quarter of an hour began that holds a moment."""
    return micros - micros % QUARTER_MICROS


def to_json(exchanges: Sequence[Exchange]) -> str | None:
    """Write the exchanges of an attempt."""
    if not exchanges:
        return None
    return json.dumps([[one.request, one.answer] for one in exchanges], ensure_ascii=False)


def from_json(text: str | None) -> Sequence[Exchange]:
    """Read the exchanges of an attempt."""
    if text is None:
        return ()
    return tuple(Exchange(request=request, answer=answer) for request, answer in json.loads(text))

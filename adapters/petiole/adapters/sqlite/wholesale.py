"""Settling, by few statements, batches of which everything was delivered: nearly all there are.

Between two statements a thread waits until the workers' threads let go of the interpreter, for
longer than most statements take. So most of it is a trigger on a view of its own, one for sheaves
and one for all other batches. It does what `settlements.settle` does step by step, or nothing at
all where a batch is not as it should be; the sums that are added to a row, or begin one, come after
it, since they could not say OR ROLLBACK.
Measured by `tests/benchmarks/bench_drain.py`.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence

from petiole.adapters.sqlite.attempts import (
    LONGEST_TROUBLE_CHARACTERS,
    count_calls,
    quarter_of,
    to_json,
)
from petiole.adapters.sqlite.deliveries import Count, count, counting, striking
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.sheaves import write_out, writing
from petiole.core.domain.settlement import DELIVERED, Settlement

_OURS = "batch IN (SELECT json_extract(value, '$[0]') FROM json_each(NEW.batches))"
"""Of each batch: its number, epoch, how many messages, the quarter of its end, calls, and which
messages are the first and the last."""
_REFUSE_LOST = """
    SELECT RAISE(FAIL, 'not as a whole') FROM json_each(NEW.batches) AS asked
    WHERE NOT EXISTS (
        SELECT 1 FROM batch WHERE id = json_extract(asked.value, '$[0]')
            AND epoch = json_extract(asked.value, '$[1]') AND settled_at IS NULL
    );
"""
_END = """
    UPDATE OR ROLLBACK batch SET
        settled_at = NEW.now,
        settle_tick = (SELECT tick + 1 FROM tally WHERE tally.connection = batch.connection),
        began_at = json_extract(asked.value, '$[1]'),
        ended_at = json_extract(asked.value, '$[2]'),
        calls = json_extract(asked.value, '$[3]'),
        trouble = json_extract(asked.value, '$[4]'),
        exchanges = json_extract(asked.value, '$[5]')
    FROM json_each(NEW.records) AS asked WHERE batch.id = json_extract(asked.value, '$[0]');
"""
_DELIVERED_NOW = f"""
message INDEXED BY message_batch
WHERE {_OURS} AND state = 'delivered' AND settled_at = NEW.now
"""
_ENTER = f"""
    INSERT OR ROLLBACK INTO ledger (connection, segment, profile, fingerprint)
    SELECT connection, segment, profile, fingerprint FROM {_DELIVERED_NOW} AND kind <> 'remove'
    ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint;
"""  # noqa: S608 - made of constants
_SUM_UP = """
    UPDATE OR ROLLBACK tally SET
        in_flight = in_flight - landed.messages, delivered = delivered + landed.messages,
        tick = tick + 1
    FROM (
        SELECT connection, sum(json_extract(asked.value, '$[2]')) AS messages
        FROM json_each(NEW.batches) AS asked
        CROSS JOIN batch ON batch.id = json_extract(asked.value, '$[0]') GROUP BY connection
    ) AS landed WHERE tally.connection = landed.connection;
"""
DOOR = f"""
CREATE TEMP VIEW wholesale AS SELECT 0 AS now, '' AS batches, '' AS messages, '' AS records;
CREATE TEMP TRIGGER wholesale_settled INSTEAD OF INSERT ON wholesale BEGIN
    {_REFUSE_LOST}
    SELECT RAISE(FAIL, 'not as a whole') FROM json_each(NEW.messages) AS asked
    WHERE json_extract(asked.value, '$[1]') <> (
        SELECT json_group_array(id) FROM message INDEXED BY message_batch
        WHERE batch = json_extract(asked.value, '$[0]') AND state = 'in_flight'
    );
    {_END}
    UPDATE OR ROLLBACK message SET state = 'delivered', head = NULL, settled_at = NEW.now
    WHERE {_OURS}
        AND state = 'in_flight';
    {_ENTER}
    UPDATE OR ROLLBACK message SET head = 1 WHERE id IN (
        SELECT (
            SELECT behind.id FROM message AS behind INDEXED BY message_behind
            WHERE behind.profile = message.profile AND behind.head = 0
            ORDER BY behind.id LIMIT 1
        )
        FROM message INDEXED BY message_batch
        WHERE {_OURS}
            AND settled_at = NEW.now
            AND EXISTS (
                SELECT 1 FROM message INDEXED BY message_behind WHERE head = 0 AND profile > 0
            )
    );
    {_SUM_UP}
END;
CREATE TEMP VIEW wholesale_bound AS SELECT 0 AS now, '' AS batches, '' AS records;
CREATE TEMP TRIGGER wholesale_bound_settled INSTEAD OF INSERT ON wholesale_bound BEGIN
    {_REFUSE_LOST}
    SELECT RAISE(FAIL, 'not as a whole') FROM json_each(NEW.batches) AS asked
    WHERE NOT EXISTS (
        SELECT 1 FROM sheaf WHERE batch = json_extract(asked.value, '$[0]')
            AND first_message = json_extract(asked.value, '$[5]')
            AND last_message = json_extract(asked.value, '$[6]')
            AND last_message - first_message + 1 = json_extract(asked.value, '$[2]')
    );
    {_END}
    {writing("'delivered'", "NULL", "NEW.now")}
    WHERE {_OURS};
    {_ENTER}
    DELETE FROM sheaf WHERE {_OURS};
    {_SUM_UP}
END;
"""  # noqa: S608 - made of constants
_SETTLE = """
INSERT INTO wholesale (now, batches, messages, records)
VALUES (:now, :batches, :messages, :records)
"""
_SETTLE_BOUND = """
INSERT INTO wholesale_bound (now, batches, records) VALUES (:now, :batches, :records)
"""
_BOUND = f"""
SELECT connection, segment, 0, sum(last_message - first_message + 1), count(*) FROM sheaf
WHERE {_OURS.replace("NEW.", ":")} GROUP BY connection, segment
"""  # noqa: S608 - made of constants
_DELIVERED = _DELIVERED_NOW.replace("NEW.", ":")
_COUNTS, _STRIKE = counting(_DELIVERED), striking(_DELIVERED)
_COUNTED_BY = "connection, segment, kind = 'remove'"
_ALIKE = f"""
SELECT {_COUNTED_BY}, count(*) FROM {_DELIVERED} AND ({_COUNTED_BY}) = (
    SELECT {_COUNTED_BY} FROM message INDEXED BY message_batch
    WHERE batch = json_extract(:batches, '$[0][0]') LIMIT 1
)
"""  # noqa: S608 - made of constants
"""Counts those that are like the first one, at half the cost: these are nearly always all."""
_CALLS = """
SELECT connection, json_extract(asked.value, '$[3]'), sum(json_extract(asked.value, '$[4]'))
FROM json_each(:batches) AS asked
CROSS JOIN batch ON batch.id = json_extract(asked.value, '$[0]')
GROUP BY 1, 2
"""

_to_text = json.JSONEncoder(separators=(",", ":")).encode


def settle_wholesale(
    connection: sqlite3.Connection, settlements: Sequence[Settlement], *, now: int
) -> bool:
    """Settle batches of which everything was delivered; tells whether these were such."""
    if len({settlement.batch for settlement in settlements}) < len(settlements):
        return False  # one is named twice: the second time it is not ours any more
    # Apart, since each statement that looks into one of them reads all of it.
    batches: list[object] = []
    records: list[object] = []
    for settlement in settlements:
        id_, verdicts, record = settlement.batch, settlement.verdicts, settlement.record
        if not verdicts or list(verdicts.values()).count(DELIVERED) < len(verdicts):
            return False
        began_at, ended_at = to_micros(record.began_at), to_micros(record.ended_at)
        trouble, exchanges = record.trouble[:LONGEST_TROUBLE_CHARACTERS], to_json(record.exchanges)
        batch = [id_, settlement.epoch, len(verdicts), quarter_of(ended_at), record.calls]
        batches.append([*batch, min(verdicts), max(verdicts)])
        records.append([id_, began_at, ended_at, record.calls, trouble, exchanges])
    names: dict[str, str | int] = {
        "now": now,
        "batches": _to_text(batches),
        "records": _to_text(records),
    }
    try:
        counts = _settle_bound(connection, names, len(settlements))
        if counts is None:
            counts = _settle_unbound(connection, names, settlements)
    except sqlite3.IntegrityError:
        if not connection.in_transaction:
            raise  # one of the changes failed, not one of the looks before them
        return False
    count(connection, counts, now)
    calls = connection.execute(_CALLS, names).fetchall()
    count_calls(connection, {(name, quarter): number for name, quarter, number in calls})
    return True


def _settle_bound(
    connection: sqlite3.Connection, names: Mapping[str, str | int], batches: int
) -> Sequence[Count] | None:
    """Settle batches that are sheaves, and count what they brought; `None` if not all are."""
    found = connection.execute(_BOUND, names).fetchall()
    sheaves = sum(row[-1] for row in found)
    if sheaves == batches:
        connection.execute(_SETTLE_BOUND, names)
        return [row[:-1] for row in found]
    if sheaves:
        write_out(connection)
    return None


def _settle_unbound(
    connection: sqlite3.Connection,
    names: Mapping[str, str | int],
    settlements: Sequence[Settlement],
) -> Sequence[Count]:
    """Settle batches whose messages have rows of their own, and count what they brought."""
    messages = [(one.batch, _to_text(list(one.verdicts))) for one in settlements]
    connection.execute(_SETTLE, {**names, "messages": _to_text(messages)})
    counts: Sequence[Count] = connection.execute(_ALIKE, names).fetchall()
    if sum(number for *_, number in counts) < sum(len(one.verdicts) for one in settlements):
        counts = connection.execute(_COUNTS, names).fetchall()
    if any(is_removal for _, _, is_removal, _ in counts):
        connection.execute(_STRIKE, names)
    return counts

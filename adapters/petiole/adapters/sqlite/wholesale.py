"""Settling, by few statements, batches of which everything was delivered: nearly all there are.

Between two statements a thread waits until the workers' threads let go of the interpreter, for
longer than most statements take. So most of it is a trigger on a view of its own. It does what
`settlements.settle` does step by step, or nothing at all where a batch is not as it should be; the
sums that are added to a row, or begin one, come after it, since they could not say OR ROLLBACK.
Measured by `tests/benchmarks/bench_drain.py`.
"""

import json
import sqlite3
from collections.abc import Sequence

from petiole.adapters.sqlite.attempts import (
    LONGEST_TROUBLE_CHARACTERS,
    count_calls,
    quarter_of,
    to_json,
)
from petiole.adapters.sqlite.deliveries import Count, count, counting, striking
from petiole.adapters.sqlite.instants import to_micros
from petiole.core.domain.settlement import DELIVERED, Settlement

_OURS = "batch IN (SELECT json_extract(value, '$[0]') FROM json_each(NEW.batches))"
DOOR = f"""
CREATE TEMP VIEW wholesale AS SELECT 0 AS now, '' AS batches, '' AS messages, '' AS records;
CREATE TEMP TRIGGER wholesale_settled INSTEAD OF INSERT ON wholesale BEGIN
    SELECT RAISE(FAIL, 'not as a whole') FROM json_each(NEW.batches) AS asked
    WHERE NOT EXISTS (
        SELECT 1 FROM batch WHERE id = json_extract(asked.value, '$[0]')
            AND epoch = json_extract(asked.value, '$[1]') AND settled_at IS NULL
    );
    SELECT RAISE(FAIL, 'not as a whole') FROM json_each(NEW.messages) AS asked
    WHERE json_extract(asked.value, '$[1]') <> (
        SELECT json_group_array(id) FROM message INDEXED BY message_batch
        WHERE batch = json_extract(asked.value, '$[0]') AND state = 'in_flight'
    );
    UPDATE OR ROLLBACK batch SET
        settled_at = NEW.now,
        settle_tick = (SELECT tick + 1 FROM tally WHERE tally.connection = batch.connection),
        began_at = json_extract(asked.value, '$[1]'),
        ended_at = json_extract(asked.value, '$[2]'),
        calls = json_extract(asked.value, '$[3]'),
        trouble = json_extract(asked.value, '$[4]'),
        exchanges = json_extract(asked.value, '$[5]')
    FROM json_each(NEW.records) AS asked WHERE batch.id = json_extract(asked.value, '$[0]');
    INSERT OR ROLLBACK INTO ledger (connection, segment, profile, fingerprint)
    SELECT connection, segment, profile, fingerprint FROM message INDEXED BY message_batch
    WHERE {_OURS}
        AND state = 'in_flight' AND kind <> 'remove'
    ON CONFLICT DO UPDATE SET fingerprint = excluded.fingerprint;
    UPDATE OR ROLLBACK message SET state = 'delivered', head = NULL, settled_at = NEW.now
    WHERE {_OURS}
        AND state = 'in_flight';
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
    UPDATE OR ROLLBACK tally SET
        in_flight = in_flight - landed.messages, delivered = delivered + landed.messages,
        tick = tick + 1
    FROM (
        SELECT connection, sum(json_extract(asked.value, '$[2]')) AS messages
        FROM json_each(NEW.batches) AS asked
        CROSS JOIN batch ON batch.id = json_extract(asked.value, '$[0]') GROUP BY connection
    ) AS landed WHERE tally.connection = landed.connection;
END;
"""  # noqa: S608 - made of constants
_SETTLE = """
INSERT INTO wholesale (now, batches, messages, records)
VALUES (:now, :batches, :messages, :records)
"""
_DELIVERED = f"""
message INDEXED BY message_batch
WHERE {_OURS.replace("NEW.", ":")} AND state = 'delivered' AND settled_at = :now
"""
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
    messages: list[object] = []
    records: list[object] = []
    for settlement in settlements:
        id_, verdicts, record = settlement.batch, settlement.verdicts, settlement.record
        if list(verdicts.values()).count(DELIVERED) < len(verdicts):
            return False
        began_at, ended_at = to_micros(record.began_at), to_micros(record.ended_at)
        trouble, exchanges = record.trouble[:LONGEST_TROUBLE_CHARACTERS], to_json(record.exchanges)
        batches.append([id_, settlement.epoch, len(verdicts), quarter_of(ended_at), record.calls])
        messages.append([id_, _to_text(list(verdicts))])
        records.append([id_, began_at, ended_at, record.calls, trouble, exchanges])
    names = {"now": now, "batches": _to_text(batches)}
    asked = {"messages": _to_text(messages), "records": _to_text(records)}
    try:
        connection.execute(_SETTLE, names | asked)
    except sqlite3.IntegrityError:
        if not connection.in_transaction:
            raise  # one of the changes failed, not one of the looks before them
        return False
    counts: Sequence[Count] = connection.execute(_ALIKE, names).fetchall()
    if sum(number for *_, number in counts) < sum(len(one.verdicts) for one in settlements):
        counts = connection.execute(_COUNTS, names).fetchall()
    if any(is_removal for _, _, is_removal, _ in counts):
        connection.execute(_STRIKE, names)
    count(connection, counts, now)
    calls = connection.execute(_CALLS, names).fetchall()
    count_calls(connection, {(name, quarter): number for name, quarter, number in calls})
    return True

"""Settlements: writing down what became of claimed messages, and letting the next ones forward."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import assert_never

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.instants import to_micros
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import BatchId, MessageId, MessageState
from petiole.core.domain.settlement import (
    DELIVERED,
    Bury,
    Defer,
    Delivered,
    Park,
    Retry,
    Settlement,
    Verdict,
)
from petiole.core.errors import OutboxError
from petiole.core.ports.parking import Decision

_END_BATCH = """
UPDATE batch SET settled_at = ? WHERE id = ? AND owner = ? AND settled_at IS NULL
RETURNING connection
"""
_IN_BATCH = """
SELECT id FROM message INDEXED BY message_batch WHERE batch = ? AND state = 'in_flight'
"""
_DELIVER = """
UPDATE message SET state = 'delivered', head = 0, settled_at = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_BURY = """
UPDATE message SET state = 'dead', head = 0, settled_at = ?, code = ?, reason = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_PARK = """
UPDATE message SET state = 'parked', settled_at = ?, code = ?, reason = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_PARKED = """
SELECT id FROM message INDEXED BY message_dead_of_connection
WHERE connection = ? AND state IN ('dead', 'parked') AND state = 'parked'
"""
_UNPARK = """
UPDATE message SET state = 'pending', settled_at = NULL, attempts = 0, code = '', reason = ''
WHERE id IN (SELECT value FROM json_each(?))
"""
_RETRY = """
UPDATE message SET state = 'pending', due_at = ?, code = ?, reason = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_DEFER = """
UPDATE message SET state = 'pending', due_at = ?, code = '', reason = ?, attempts = attempts - 1
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
_LET_FORWARD = """
UPDATE message SET head = 1 WHERE id IN (
    SELECT (
        SELECT b.id FROM message AS b INDEXED BY message_behind
        WHERE b.profile = m.profile AND b.state = 'pending' AND b.head = 0
        ORDER BY b.id LIMIT 1
    )
    FROM message AS m WHERE m.id IN (SELECT value FROM json_each(?))
)
"""


def settle(
    connection: sqlite3.Connection, settlements: Sequence[Settlement], *, owner: str, now: int
) -> Collection[BatchId]:
    """Record all verdicts on batches that are the owner's, and name the other batches.

    Raises:
        OutboxError: the verdicts on a batch are not exactly those on its messages.
    """
    lost: list[BatchId] = []
    alike: defaultdict[Verdict, list[MessageId]] = defaultdict(list)
    moved: defaultdict[str, Counter[MessageState]] = defaultdict(Counter)
    for settlement in settlements:
        ended = connection.execute(_END_BATCH, (now, settlement.batch, owner)).fetchall()
        if not ended:
            lost.append(settlement.batch)
            continue
        _refuse_gaps(connection, settlement)
        [(name,)] = ended
        for verdict, ids in _grouped(settlement.verdicts).items():
            alike[verdict] += ids
            moved[name][MessageState.IN_FLIGHT] -= len(ids)
            moved[name][_state(verdict)] += len(ids)
    for verdict, ids in alike.items():
        _record(connection, verdict, json.dumps(ids), now)
    for name, numbers in moved.items():
        sums.add(connection, ConnectionName(name), numbers)
    return lost


def release(
    connection: sqlite3.Connection, name: ConnectionName, decision: Decision, *, now: int
) -> int:
    """Move all parked messages of a connection on; tells how many."""
    ids = [id_ for (id_,) in connection.execute(_PARKED, (name,))]
    if decision is Decision.ARRIVED:
        _record(connection, DELIVERED, json.dumps(ids), now)
    else:
        connection.execute(_UNPARK, (json.dumps(ids),))
    reached = MessageState.DELIVERED if decision is Decision.ARRIVED else MessageState.PENDING
    sums.add(connection, name, {MessageState.PARKED: -len(ids), reached: len(ids)})
    return len(ids)


def _grouped(verdicts: Mapping[MessageId, Verdict]) -> dict[Verdict, list[MessageId]]:
    """Bring equal verdicts together; most are one object, which is told sooner than hashed."""
    groups: dict[int, list[MessageId]] = {}
    objects: dict[int, Verdict] = {}
    for id_, verdict in verdicts.items():
        groups.setdefault(id(verdict), []).append(id_)
        objects[id(verdict)] = verdict
    alike: dict[Verdict, list[MessageId]] = {}
    for key, ids in groups.items():
        alike.setdefault(objects[key], []).extend(ids)
    return alike


def _refuse_gaps(connection: sqlite3.Connection, settlement: Settlement) -> None:
    claimed = {id_ for (id_,) in connection.execute(_IN_BATCH, (settlement.batch,))}
    if claimed != settlement.verdicts.keys():
        raise OutboxError(
            f"the settlement of batch {settlement.batch} does not name exactly its messages; "
            "give one verdict for each of them"
        )


def _state(verdict: Verdict) -> MessageState:
    match verdict:
        case Delivered():
            return MessageState.DELIVERED
        case Bury():
            return MessageState.DEAD
        case Park():
            return MessageState.PARKED
        case Retry() | Defer():
            return MessageState.PENDING
        case _:
            assert_never(verdict)


def _record(connection: sqlite3.Connection, verdict: Verdict, ids: str, now: int) -> None:
    match verdict:
        case Delivered():
            connection.execute(_DELIVER, (now, ids))
            connection.execute(_ENTER, (ids,))
            connection.execute(_STRIKE, (ids,))
            connection.execute(_LET_FORWARD, (ids,))
        case Bury(code, reason):
            connection.execute(_BURY, (now, code, reason, ids))
            connection.execute(_LET_FORWARD, (ids,))
        case Park(code, reason):
            connection.execute(_PARK, (now, code, reason, ids))
        case Retry(due_at, code, reason):
            connection.execute(_RETRY, (to_micros(due_at), code, reason, ids))
        case Defer(due_at, reason):
            connection.execute(_DEFER, (to_micros(due_at), reason, ids))
        case _:
            assert_never(verdict)

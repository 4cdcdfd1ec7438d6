"""Settlements: writing down what became of claimed messages, and letting the next ones forward."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, assert_never

from petiole.adapters.sqlite import attempts, sums
from petiole.adapters.sqlite.deliveries import deliver
from petiole.adapters.sqlite.happenings import Scribe, words
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.sheaves import write_out
from petiole.adapters.sqlite.turns import let_forward, line_up
from petiole.adapters.sqlite.wholesale import settle_wholesale
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.life import Step
from petiole.core.domain.message import BatchId, MessageId, MessageState
from petiole.core.domain.settlement import (
    Bury,
    Defer,
    Delivered,
    Park,
    Retry,
    Settlement,
    Verdict,
)
from petiole.core.errors import OutboxError

if TYPE_CHECKING:
    from petiole.core.domain.attempt_record import AttemptRecord

_BURY = """
UPDATE message SET
    state = 'dead', head = NULL, settled_at = ?, code = ?, reason = ?, failure = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_HOLD = """
UPDATE message SET state = 'dead', settled_at = ?, code = ?, reason = ?, failure = ?
WHERE id IN (SELECT value FROM json_each(?))
"""
_PARK = """
UPDATE message SET state = 'parked', settled_at = ?, code = ?, reason = ?, failure = ?
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

Alike: TypeAlias = dict[Verdict, list[MessageId]]
Quarter: TypeAlias = tuple[ConnectionName, int]


def settle(
    connection: sqlite3.Connection, settlements: Sequence[Settlement], *, now: int
) -> Collection[BatchId]:
    """Record all verdicts on batches that were not claimed anew, and name the other batches.

    Raises:
        OutboxError: the verdicts on a batch are not exactly those on its messages.
    """
    if settle_wholesale(connection, settlements, now=now):
        return ()
    write_out(connection)
    alike: defaultdict[Verdict, list[MessageId]] = defaultdict(list)
    moved: defaultdict[ConnectionName, Counter[MessageState]] = defaultdict(Counter)
    calls: Counter[Quarter] = Counter()
    scribe = Scribe(connection=connection, now=now)
    ours = dict(attempts.ours(connection, [(one.batch, one.epoch) for one in settlements]))
    lost: list[BatchId] = []
    ended: list[tuple[BatchId, int, AttemptRecord]] = []
    for settlement in settlements:
        batch = ours.pop(settlement.batch, None)
        if batch is None:
            lost.append(settlement.batch)
            continue
        _refuse_gaps(settlement, batch.messages)
        name, record = batch.connection, settlement.record
        ended.append((settlement.batch, batch.tick, record))
        calls[name, attempts.quarter_of(to_micros(record.ended_at))] += record.calls
        for verdict, ids in _grouped(settlement.verdicts).items():
            alike[verdict] += ids
            moved[name][MessageState.IN_FLIGHT] -= len(ids)
            moved[name][_state(verdict)] += len(ids)
            told = _told(verdict)
            if told:
                step, text = told
                scribe.note(name, step, ids, tick=batch.tick, batch=settlement.batch, told=text)
    attempts.end(connection, ended, now)
    for verdict, ids in alike.items():
        _record(connection, verdict, json.dumps(ids), now)
    for name, numbers in moved.items():
        sums.add(connection, name, numbers)
    attempts.count_calls(connection, calls)
    return lost


def _grouped(verdicts: Mapping[MessageId, Verdict]) -> Alike:
    """Bring equal verdicts together; most are one object, which is told sooner than hashed."""
    objects = {id(verdict): verdict for verdict in verdicts.values()}
    if len(objects) == 1:
        return {verdict: list(verdicts) for verdict in objects.values()}
    alike: Alike = {}
    for id_, verdict in verdicts.items():
        alike.setdefault(verdict, []).append(id_)
    return alike


def _refuse_gaps(settlement: Settlement, claimed: Collection[MessageId]) -> None:
    if settlement.verdicts.keys() != set(claimed):
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


def _told(verdict: Verdict) -> tuple[Step, str] | None:
    """Tell what must be written down of a verdict; a delivery tells itself."""
    match verdict:
        case Delivered():
            return None
        case Bury(code, reason):
            return Step.DEAD, words(code, reason)
        case Park(code, reason):
            return Step.PARKED, words(code, reason)
        case Retry(_, code, reason):
            return Step.RETRY, words(code, reason)
        case Defer(_, reason):
            return Step.RETRY, reason
        case _:
            assert_never(verdict)


def _record(connection: sqlite3.Connection, verdict: Verdict, ids: str, now: int) -> None:
    match verdict:
        case Delivered():
            deliver(connection, ids, now)
            let_forward(connection, ids)
        case Bury(code, reason, holds):
            ended = (now, code, reason, failure_fingerprint(code, reason), ids)
            connection.execute(_HOLD if holds else _BURY, ended)
            if not holds:
                let_forward(connection, ids)
        case Park(code, reason):
            ended = (now, code, reason, failure_fingerprint(code, reason), ids)
            connection.execute(_PARK, ended)
        case Retry(due_at, code, reason):
            connection.execute(_RETRY, (to_micros(due_at), code, reason, ids))
            line_up(connection, ids)
        case Defer(due_at, reason):
            connection.execute(_DEFER, (to_micros(due_at), reason, ids))
            line_up(connection, ids)
        case _:
            assert_never(verdict)

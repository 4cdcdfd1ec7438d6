"""The outbox in memory: the plain telling of what every outbox does."""

from collections import deque
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from petiole.adapters.memory.state import ClaimedBatch, MemoryState, Row, RunnerNumber
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.folding import fold
from petiole.core.domain.message import Batch, BatchId, Message, MessageState
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
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import OutboxError
from petiole.core.ports.clock import Clock
from petiole.core.ports.parking import Decision


class MemoryOutbox:
    """One runner's view of the messages in a `MemoryState`."""

    def __init__(self, state: MemoryState, *, clock: Clock, owner: RunnerNumber) -> None:
        self._state = state
        self._clock = clock
        self._owner = owner

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Take changes, in order."""
        now = self._clock.now()
        with self._state.lock:
            return sum(
                (self._take(change, now, folding=folding) for change in changes), EnqueueReceipt()
            )

    def _take(self, change: ProfileChange, now: datetime, *, folding: bool) -> EnqueueReceipt:
        state = self._state
        if change.id is not None:
            key = (change.scope.connection, change.id)
            if key in state.seen:
                return EnqueueReceipt(repeated=1)
            state.seen.add(key)
        line = state.lines.setdefault((change.scope.account, change.identifier), deque())
        if folding and line and _folds(line[-1], change):
            survivor = line[-1]
            held = state.holds(change.scope, change.identifier, before=survivor.id)
            survivor.change = fold(survivor.change, change, held=held)
            state.add(change, MessageState.FOLDED, now).settled_at = now
            return EnqueueReceipt(enqueued=1, folded=1)
        row = state.add(change, MessageState.PENDING, now)
        line.append(row)
        if line[0] is row:
            state.offer(row)
        return EnqueueReceipt(enqueued=1)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Tell what could be claimed now, looking no further than one batch deep."""
        now = self._clock.now()
        with self._state.lock:
            waiting = self._state.waiting[connection]
            due = [id_ for due_at, id_ in waiting if due_at <= now]
            ids = sorted(self._state.ready[connection][: policy.max_profiles] + due)
            window = _reaching([self._state.rows[id_] for id_ in ids], policy)
            batches = [b for b in self._state.batches.values() if b.connection == connection]
            abandoned = sum(self._abandoned(batch, now) for batch in batches)
            return Backlog(
                claimable=len(window),
                weight_bytes=sum(_weight(row) for row in window),
                oldest_enqueued_at=min((row.enqueued_at for row in window), default=None),
                next_due_at=waiting[len(due)][0] if len(due) < len(waiting) else None,
                in_flight=len(batches) - abandoned,
                abandoned=abandoned,
            )

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        """Take up to `batches` batches of the oldest claimable messages, abandoned ones first."""
        now = self._clock.now()
        with self._state.lock:
            abandoned = [
                batch
                for batch in self._state.batches.values()
                if batch.connection == connection and self._abandoned(batch, now)
            ]
            taken = [self._hand_out(b, now + lease, recovered=True) for b in abandoned[:batches]]
            self._wake(connection, now)
            while len(taken) < batches and (
                rows := self._next(connection, policy, partial=partial)
            ):
                taken.append(self._hand_out(self._begin(connection, rows), now + lease))
            return taken

    def _wake(self, connection: ConnectionName, now: datetime) -> None:
        waiting = self._state.waiting[connection]
        while waiting and waiting[0][0] <= now:
            row = self._state.rows[waiting.pop(0)[1]]
            row.due_at = None
            self._state.offer(row)

    def _next(self, connection: ConnectionName, policy: BatchPolicy, *, partial: bool) -> list[Row]:
        """Look up a batch: full by number, by weight, or because the next row does not fit."""
        rows: list[Row] = []
        weight = 0
        for id_ in self._state.ready[connection]:
            row = self._state.rows[id_]
            if rows and weight + _weight(row) > policy.max_bytes:
                return rows
            rows.append(row)
            weight += _weight(row)
            if len(rows) == policy.max_profiles or weight >= policy.max_bytes:
                return rows
        return rows if partial else []

    def _begin(self, connection: ConnectionName, rows: list[Row]) -> ClaimedBatch:
        del self._state.ready[connection][: len(rows)]
        batch = ClaimedBatch(
            id=BatchId(next(self._state.batch_numbers)),
            connection=connection,
            rows=rows,
            owner=self._owner,
            lease_until=self._clock.now(),
        )
        for row in rows:
            self._state.move(row, MessageState.IN_FLIGHT)
            row.batch = batch.id
        self._state.batches[batch.id] = batch
        return batch

    def _hand_out(
        self, batch: ClaimedBatch, lease_until: datetime, *, recovered: bool = False
    ) -> Batch:
        batch.owner, batch.lease_until = self._owner, lease_until
        for row in batch.rows:
            row.attempts += 1
        messages = [Message(r.id, r.change, r.attempts, r.enqueued_at) for r in batch.rows]
        return Batch(
            id=batch.id, connection=batch.connection, messages=messages, recovered=recovered
        )

    def _abandoned(self, batch: ClaimedBatch, now: datetime) -> bool:
        return batch.lease_until <= now or batch.owner not in self._state.runners

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Record the verdicts on claimed batches."""
        now = self._clock.now()
        lost: list[BatchId] = []
        with self._state.lock:
            ours = [s for s in settlements if self._is_ours(s.batch)]
            for settlement in ours:
                _refuse_gaps(settlement, self._state.batches[settlement.batch])
            for settlement in settlements:
                if not self._is_ours(settlement.batch):
                    lost.append(settlement.batch)
                    continue
                for row in self._state.batches.pop(settlement.batch).rows:
                    self._record(row, settlement.verdicts[row.id], now)
        return lost

    def release(self, connection: ConnectionName, decision: Decision) -> int:
        """Carry out a decision on all parked messages of a connection; tells how many."""
        now = self._clock.now()
        with self._state.lock:
            parked = [
                row
                for row in self._state.rows.values()
                if row.state is MessageState.PARKED and row.change.scope.connection == connection
            ]
            for row in parked:
                row.settled_at, row.code, row.reason = None, "", ""
                if decision is Decision.ARRIVED:
                    self._record(row, DELIVERED, now)
                else:
                    row.attempts = 0
                    self._return(row)
        return len(parked)

    def _is_ours(self, batch: BatchId) -> bool:
        claimed = self._state.batches.get(batch)
        return claimed is not None and claimed.owner == self._owner

    def _record(self, row: Row, verdict: Verdict, now: datetime) -> None:
        match verdict:
            case Delivered():
                self._note(row)
                self._finish(row, MessageState.DELIVERED, now)
            case Bury(code, reason):
                row.code, row.reason = code, reason
                self._finish(row, MessageState.DEAD, now)
            case Park(code, reason):
                row.code, row.reason, row.settled_at = code, reason, now
                self._state.move(row, MessageState.PARKED)
            case Retry(due_at, code, reason):
                row.due_at, row.code, row.reason = due_at, code, reason
                self._return(row)
            case Defer(due_at, reason):
                row.due_at, row.code, row.reason = due_at, "", reason
                row.attempts -= 1
                self._return(row)
            case _:
                assert_never(verdict)

    def _note(self, row: Row) -> None:
        held = self._state.ledger[row.change.scope]
        if row.change.kind is ChangeKind.REMOVE:
            held.pop(row.change.identifier, None)
        else:
            held[row.change.identifier] = row.change.fingerprint

    def _return(self, row: Row) -> None:
        self._state.move(row, MessageState.PENDING)
        self._state.offer(row)

    def _finish(self, row: Row, state: MessageState, now: datetime) -> None:
        self._state.move(row, state)
        row.settled_at = now
        line = self._state.lines[row.line]
        line.popleft()
        if line:
            self._state.offer(line[0])
        else:
            del self._state.lines[row.line]


def _folds(earlier: Row, later: ProfileChange) -> bool:
    fresh = earlier.state is MessageState.PENDING and earlier.batch is None
    return fresh and earlier.change.scope == later.scope


def _reaching(rows: Sequence[Row], policy: BatchPolicy) -> list[Row]:
    """Look no further than to the row with which a batch is full or heavy enough."""
    weight = 0
    seen: list[Row] = []
    for row in rows[: policy.max_profiles]:
        if weight >= policy.max_bytes:
            break
        seen.append(row)
        weight += _weight(row)
    return seen


def _weight(row: Row) -> int:
    return len(row.change.fields.text.encode())


def _refuse_gaps(settlement: Settlement, batch: ClaimedBatch) -> None:
    if settlement.verdicts.keys() != {row.id for row in batch.rows}:
        raise OutboxError(
            f"the settlement of batch {batch.id} does not name exactly its messages; "
            "give one verdict for each of them"
        )

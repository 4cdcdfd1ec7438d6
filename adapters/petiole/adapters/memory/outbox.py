"""The outbox in memory: the plain telling of what every outbox does."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from petiole.adapters.memory.bookkeeping import quarter
from petiole.adapters.memory.row import ClaimedBatch, Row, RunnerNumber
from petiole.adapters.memory.state import MemoryState, life_of
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.folding import fold
from petiole.core.domain.life import Step
from petiole.core.domain.message import Batch, BatchId, MessageState
from petiole.core.domain.settlement import (
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
from petiole.core.failpoints import FailPoint, reach
from petiole.core.ports.clock import Clock


class MemoryOutbox:
    """One runner's view of the messages in a `MemoryState`.

    It passes the fail points before it writes: who dies there has written nothing.
    """

    def __init__(self, state: MemoryState, *, clock: Clock, owner: RunnerNumber) -> None:
        self._state = state
        self._clock = clock
        self._owner = owner

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Take changes, in order."""
        now = self._clock.now()
        with self._state.lock:
            reach(FailPoint.ENQUEUE_WRITTEN)
            receipt = sum(
                (self._take(change, now, folding=folding) for change in changes), EnqueueReceipt()
            )
        reach(FailPoint.ENQUEUE_COMMITTED)
        if receipt.enqueued:
            self._state.ring()
        return receipt

    def _take(self, change: ProfileChange, now: datetime, *, folding: bool) -> EnqueueReceipt:
        state = self._state
        if change.id is not None:
            key = (change.scope.connection, change.id)
            if key in state.seen:
                return EnqueueReceipt(repeated=1)
            state.seen.add(key)
        line = state.lines.of((change.scope.account, change.identifier))
        if folding and line and _folds(line[-1], change):
            survivor = line[-1]
            held = state.holds(change.scope, change.identifier, before=survivor.id)
            survivor.change = fold(survivor.change, change, held=held)
            folded = state.add(change, MessageState.FOLDED, now)
            folded.settled_at = now
            state.tell(folded, Step.FOLDED, now, into=survivor.id)
            return EnqueueReceipt(enqueued=1, folded=1)
        state.lines.append(state.add(change, MessageState.PENDING, now))
        return EnqueueReceipt(enqueued=1)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Tell what could be claimed now, looking no further than one batch deep."""
        now = self._clock.now()
        with self._state.lock:
            lines = self._state.lines
            due = set(lines.due(connection, now))
            ids = sorted([*lines.ready[connection][: policy.max_profiles], *due])
            window = _reaching([self._state.rows[id_] for id_ in ids], policy)
            later = [id_ for _, id_ in lines.waiting[connection] if id_ not in due]
            waiting = [self._state.rows[id_] for id_ in later[: policy.max_profiles]]
            batches = [b for b in self._state.batches.values() if b.connection == connection]
            abandoned = sum(map(self._abandoned, batches))
            return Backlog(
                claimable=len(window),
                weight_bytes=sum(row.weight_bytes for row in window),
                oldest_enqueued_at=min((row.enqueued_at for row in window), default=None),
                next_due_at=lines.next_due_at(connection, now),
                oldest_waiting_at=min((row.enqueued_at for row in waiting), default=None),
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
        now, lease_until = self._clock.now(), self._clock.uptime() + lease
        with self._state.lock:
            reach(FailPoint.CLAIM_WRITTEN)
            abandoned = [
                batch
                for batch in self._state.batches.values()
                if batch.connection == connection and self._abandoned(batch)
            ]
            taken = [self._hand_out(batch, now, lease_until) for batch in abandoned[:batches]]
            for id_ in self._state.lines.due(connection, now):
                self._state.lines.wake(self._state.rows[id_])
            while len(taken) < batches and (
                rows := self._next(connection, policy, partial=partial)
            ):
                taken.append(self._hand_out(self._begin(connection, rows), now, lease_until))
        reach(FailPoint.CLAIM_COMMITTED)
        return taken

    def _next(self, connection: ConnectionName, policy: BatchPolicy, *, partial: bool) -> list[Row]:
        """Look up a batch: full by number, by weight, or because the next row does not fit."""
        rows: list[Row] = []
        weight = 0
        for id_ in self._state.lines.ready[connection]:
            row = self._state.rows[id_]
            if rows and weight + row.weight_bytes > policy.max_bytes:
                return rows
            rows.append(row)
            weight += row.weight_bytes
            if len(rows) == policy.max_profiles or weight >= policy.max_bytes:
                return rows
        return rows if partial else []

    def _begin(self, connection: ConnectionName, rows: list[Row]) -> ClaimedBatch:
        self._state.lines.claim(connection, len(rows))
        batch = ClaimedBatch(
            id=BatchId(next(self._state.batch_numbers)),
            connection=connection,
            rows=rows,
            owner=self._owner,
            lease_until=self._clock.uptime(),
        )
        for row in rows:
            self._state.move(row, MessageState.IN_FLIGHT)
            row.batch = batch.id
        self._state.batches[batch.id] = batch
        return batch

    def _hand_out(self, batch: ClaimedBatch, now: datetime, lease_until: timedelta) -> Batch:
        batch.owner, batch.lease_until = self._owner, lease_until
        batch.epoch += 1
        for row in batch.rows:
            row.attempts += 1
            self._state.tell(row, Step.SENT, now)
        return batch.handed_out()

    def _abandoned(self, batch: ClaimedBatch) -> bool:
        over = batch.lease_until <= self._clock.uptime()
        return over or batch.owner not in self._state.runners

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Record the verdicts on claimed batches."""
        now = self._clock.now()
        lost: list[BatchId] = []
        with self._state.lock:
            for settlement in settlements:
                if batch := self._current(settlement):
                    _refuse_gaps(settlement, batch)
            reach(FailPoint.SETTLE_WRITTEN)
            for settlement in settlements:
                if batch := self._current(settlement):
                    self._close(batch, settlement, now)
                else:
                    lost.append(settlement.batch)
        reach(FailPoint.SETTLE_COMMITTED)
        return lost

    def _current(self, settlement: Settlement) -> ClaimedBatch | None:
        """Find the batch, if it has not been claimed anew since."""
        batch = self._state.batches.get(settlement.batch)
        return batch if batch is not None and batch.epoch == settlement.epoch else None

    def _close(self, batch: ClaimedBatch, settlement: Settlement, now: datetime) -> None:
        record = settlement.record
        del self._state.batches[batch.id]
        self._state.usage[batch.connection, quarter(record.ended_at)] += record.calls
        for row in batch.rows:
            self._note_attempt(row, record)
            self._record(row, settlement.verdicts[row.id], now)

    def _note_attempt(self, row: Row, record: AttemptRecord) -> None:
        """Complete, in the life of the profile, what was written when the row was claimed."""
        life = self._state.lives[life_of(row)]
        place = max(
            n for n, told in enumerate(life) if told.message == row.id and told.step is Step.SENT
        )
        if record.calls:
            life[place] = replace(life[place], at=record.began_at, exchanges=record.exchanges)
        else:
            del life[place]

    def _record(self, row: Row, verdict: Verdict, now: datetime) -> None:
        state = self._state
        match verdict:
            case Delivered():
                row.code, row.reason = "", ""
                state.deliver(row, now)
                state.tell(row, Step.DELIVERED, now)
            case Bury(code, reason, holds):
                row.code, row.reason, row.settled_at = code, reason, now
                state.move(row, MessageState.DEAD)
                if not holds:
                    state.lines.leave(row)
                state.tell(row, Step.DEAD, now, told=_told(code, reason))
            case Park(code, reason):
                row.code, row.reason, row.settled_at = code, reason, now
                state.move(row, MessageState.PARKED)
                state.tell(row, Step.PARKED, now, told=_told(code, reason))
            case Retry(due_at, code, reason):
                row.due_at, row.code, row.reason = due_at, code, reason
                self._return(row, now)
            case Defer(due_at, reason):
                row.due_at, row.code, row.reason = due_at, "", reason
                row.attempts -= 1
                self._return(row, now)
            case _:
                assert_never(verdict)

    def _return(self, row: Row, now: datetime) -> None:
        self._state.move(row, MessageState.PENDING)
        self._state.lines.put_back(row)
        self._state.tell(row, Step.RETRY, now, told=_told(row.code, row.reason))


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
        weight += row.weight_bytes
    return seen


def _told(code: str, reason: str) -> str:
    return f"{code}: {reason}" if code else reason


def _refuse_gaps(settlement: Settlement, batch: ClaimedBatch) -> None:
    if settlement.verdicts.keys() != {row.id for row in batch.rows}:
        raise OutboxError(
            f"the settlement of batch {batch.id} does not name exactly its messages; "
            "give one verdict for each of them"
        )

"""Claims: taking messages under a lease, first what others left, then the oldest."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.batches import open_batches
from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.instants import LONGEST_WAIT_MICROS
from petiole.adapters.sqlite.ready import Ready, ready
from petiole.adapters.sqlite.row import to_message
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.sheaves import write_out
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import Batch, BatchId, MessageState

MOST_WOKEN = 10_000
"""Messages whose wait is over and that one claim makes claimable; the rest wait for the next."""

_LOSE = """
INSERT INTO lost_claim (batch, epoch, claim_tick, claimed_at)
SELECT id, epoch, claim_tick, claimed_at FROM batch WHERE id = ?
"""
_RENEW = """
UPDATE batch SET owner = ?, claimed_at = ?, claim_tick = ?, lease_ends = ?, epoch = epoch + 1
WHERE id = ? RETURNING epoch
"""
_ATTEMPT = "UPDATE message SET attempts = attempts + 1 WHERE batch = ? AND state = 'in_flight'"
_OF_BATCH = """
SELECT message.id, weight_bytes,
    json_array(account, connection, segment, identifier_type, kind, enqueued_at, attempts),
    event, identifier, fields, fingerprint, occurred_at, edit
FROM message INDEXED BY message_batch
CROSS JOIN profile ON profile.id = message.profile
CROSS JOIN content ON content.message = message.id
WHERE batch = ? AND state = 'in_flight' ORDER BY message.id
"""
_WAKE = """
UPDATE message SET due_at = NULL WHERE id IN (
    SELECT id FROM message INDEXED BY message_waiting
    WHERE connection = ? AND due_at <= ? AND head = 1 ORDER BY due_at, id LIMIT ?
)
"""
_WAKE_BEYOND = """
UPDATE message SET due_at = NULL WHERE id IN (
    SELECT id FROM message INDEXED BY message_waiting
    WHERE connection = ? AND due_at > ? AND head = 1 ORDER BY due_at, id LIMIT ?
)
"""
_NEW_BATCHES = """
INSERT OR ROLLBACK INTO batch (connection, owner, claimed_at, claim_tick, lease_ends)
SELECT ?, ?, ?, ?, ? FROM json_each(?) RETURNING id
"""
_TAKEN = "message SET state = 'in_flight', batch = ?, attempts = attempts + 1"
_TAKE = f"UPDATE OR ROLLBACK {_TAKEN} WHERE id IN (SELECT value FROM json_each(?))"  # noqa: S608 - made of constants
_TAKE_ROW = f"UPDATE OR ROLLBACK {_TAKEN} WHERE id BETWEEN ? AND ?"
"""For messages that follow each other, at three quarters of the cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One call inside its transaction: who claims what, when, and for how long."""

    connection: sqlite3.Connection
    runners: Runners
    name: ConnectionName
    now: int
    uptime: int
    lease: int

    def recover(self, most: int) -> list[Batch]:
        """Take over what others left, whole and unchanged."""
        left = open_batches(self.connection, self.runners, self.name, self.uptime).abandoned
        if not left:
            return []
        write_out(self.connection)
        tick = sums.next_tick(self.connection, self.name)
        sums.add(self.connection, self.name, {})
        return [self._renew(id_, tick) for id_ in left[:most]]

    def _renew(self, id_: BatchId, tick: int) -> Batch:
        self.connection.execute(_LOSE, (id_,))
        renewed = (self.runners.own, self.now, tick, self.uptime + self.lease, id_)
        [(epoch,)] = self.connection.execute(_RENEW, renewed).fetchall()
        self.connection.execute(_ATTEMPT, (id_,))
        return self.batch(id_, epoch)

    def take(self, policy: BatchPolicy, most: int, *, partial: bool) -> list[Batch]:
        """Take the oldest claimable messages; without `partial`, in full batches only."""
        if most < 1:
            return []
        beyond = self.now + LONGEST_WAIT_MICROS
        self.connection.execute(_WAKE, (self.name, self.now, MOST_WOKEN))
        self.connection.execute(_WAKE_BEYOND, (self.name, beyond, MOST_WOKEN))
        parts = ready(self.connection, self.name, policy, most, partial=partial)
        if not parts:
            return []
        number = sum(len(part.messages) for part in parts)
        moved = {MessageState.PENDING: -number, MessageState.IN_FLIGHT: number}
        tick = sums.next_tick(self.connection, self.name)
        sums.add(self.connection, self.name, moved)
        return list(map(self._fill, self.begin_batches(len(parts), tick), parts))

    def _fill(self, id_: BatchId, part: Ready) -> Batch:
        if part.is_row:
            self.connection.execute(_TAKE_ROW, (id_, part.first, part.last))
        else:
            self.connection.execute(_TAKE, (id_, part.ids))
        return self.filled(id_, part.messages)

    def begin_batches(self, number: int, tick: int) -> Sequence[BatchId]:
        """Begin so many batches, which are yet to be filled, and name them in order."""
        new = (self.name, self.runners.own, self.now, tick, self.uptime + self.lease)
        rows = self.connection.execute(_NEW_BATCHES, (*new, json.dumps([0] * number))).fetchall()
        return sorted(BatchId(id_) for (id_,) in rows)

    def batch(self, id_: BatchId, epoch: int = 1) -> Batch:
        """Read what is in a batch."""
        rows = self.connection.execute(_OF_BATCH, (id_,)).fetchall()
        messages = Claimed(len(rows), lambda: [to_message(row) for row in rows])
        return self.filled(id_, messages, epoch)

    def filled(self, id_: BatchId, messages: Claimed, epoch: int = 1) -> Batch:
        """Make a batch of what is in it."""
        return Batch(
            id=id_,
            connection=self.name,
            messages=messages,
            epoch=epoch,
            recovered=epoch > 1,
        )

"""Claims: taking messages under a lease, first what others left, then the oldest."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.batches import open_batches
from petiole.adapters.sqlite.row import MessageRow, to_message
from petiole.adapters.sqlite.runners import Runners
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import Batch, BatchId, MessageState

MOST_WOKEN = 10_000
"""Messages whose wait is over and that one claim makes claimable; the rest wait for the next."""

_RENEW = "UPDATE batch SET owner = ?, claimed_at = ?, lease_until = ? WHERE id = ?"
_ATTEMPT = "UPDATE message SET attempts = attempts + 1 WHERE batch = ? AND state = 'in_flight'"
_OF_BATCH = """
SELECT message.id, attempts, enqueued_at, weight_bytes,
    event, account, connection, segment, identifier_type, identifier,
    kind, fields, fingerprint, occurred_at
FROM message INDEXED BY message_batch
CROSS JOIN profile ON profile.id = message.profile
WHERE batch = ? AND state = 'in_flight' ORDER BY message.id
"""
_WAKE = """
UPDATE message SET due_at = NULL WHERE id IN (
    SELECT id FROM message INDEXED BY message_waiting
    WHERE connection = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?
)
"""
_READY = """
SELECT message.id, attempts + 1, enqueued_at, weight_bytes,
    event, account, connection, segment, identifier_type, identifier,
    kind, fields, fingerprint, occurred_at
FROM message INDEXED BY message_ready
CROSS JOIN profile ON profile.id = message.profile
WHERE connection = ? AND state = 'pending' AND head = 1 AND due_at IS NULL
ORDER BY message.id LIMIT ?
"""
_NEW_BATCH = """
INSERT INTO batch (connection, owner, claimed_at, lease_until) VALUES (?, ?, ?, ?) RETURNING id
"""
_TAKE = """
UPDATE message SET state = 'in_flight', batch = ?, attempts = attempts + 1
WHERE id IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One call inside its transaction: who claims what, when, and until when."""

    connection: sqlite3.Connection
    runners: Runners
    name: ConnectionName
    now: int
    lease_until: int

    def recover(self, most: int) -> list[Batch]:
        """Take over what others left, whole and unchanged."""
        left = open_batches(self.connection, self.runners, self.name, self.now).abandoned
        return [self._renew(id_) for id_ in left[:most]]

    def _renew(self, id_: BatchId) -> Batch:
        renewed = (self.runners.own, self.now, self.lease_until, id_)
        self.connection.execute(_RENEW, renewed)
        self.connection.execute(_ATTEMPT, (id_,))
        rows = self.connection.execute(_OF_BATCH, (id_,)).fetchall()
        return self._batch(id_, rows, recovered=True)

    def take(self, policy: BatchPolicy, most: int, *, partial: bool) -> list[Batch]:
        """Take the oldest claimable messages; without `partial`, in full batches only."""
        if most < 1:
            return []
        self.connection.execute(_WAKE, (self.name, self.now, MOST_WOKEN))
        rows = self.connection.execute(_READY, (self.name, most * policy.max_profiles))
        parts = list(islice(_cut(rows, policy, partial=partial), most))
        rows.close()
        if not parts:
            return []
        number = sum(map(len, parts))
        moved = {MessageState.PENDING: -number, MessageState.IN_FLIGHT: number}
        sums.add(self.connection, self.name, moved)
        return [self._begin(part) for part in parts]

    def _begin(self, rows: Sequence[MessageRow]) -> Batch:
        new = (self.name, self.runners.own, self.now, self.lease_until)
        [(id_,)] = self.connection.execute(_NEW_BATCH, new).fetchall()
        self.connection.execute(_TAKE, (id_, json.dumps([row[0] for row in rows])))
        return self._batch(BatchId(id_), rows, recovered=False)

    def _batch(self, id_: BatchId, rows: Iterable[MessageRow], *, recovered: bool) -> Batch:
        messages = [to_message(row) for row in rows]
        return Batch(id=id_, connection=self.name, messages=messages, recovered=recovered)


def _cut(
    rows: Iterable[MessageRow], policy: BatchPolicy, *, partial: bool
) -> Iterator[list[MessageRow]]:
    """Part rows into batches, and read no further than that takes.

    What is left in the end is a batch only if it may be `partial`.
    """
    part: list[MessageRow] = []
    weight = 0
    for row in rows:
        if part and weight + row[3] > policy.max_bytes:
            yield part
            part, weight = [], 0
        part.append(row)
        weight += row[3]
        if len(part) == policy.max_profiles or weight >= policy.max_bytes:
            yield part
            part, weight = [], 0
    if part and partial:
        yield part

"""What could be claimed now: a look at no more than one batch."""

import sqlite3

from petiole.adapters.sqlite.batches import open_batches
from petiole.adapters.sqlite.instants import LONGEST_WAIT_MICROS, from_micros
from petiole.adapters.sqlite.runners import Runners
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName

_READY = """
SELECT id, weight_bytes, enqueued_at FROM message INDEXED BY message_ready
WHERE connection = ? AND state = 'pending' AND head = 1 AND due_at IS NULL ORDER BY id LIMIT ?
"""
_DUE = """
SELECT id, weight_bytes, enqueued_at FROM message INDEXED BY message_waiting
WHERE connection = ? AND due_at <= ? AND head = 1 ORDER BY due_at, id LIMIT ?
"""
_BEYOND = """
SELECT id, weight_bytes, enqueued_at FROM message INDEXED BY message_waiting
WHERE connection = ? AND due_at > ? AND head = 1 ORDER BY due_at, id LIMIT ?
"""
_NEXT_DUE = """
SELECT due_at, enqueued_at FROM message INDEXED BY message_waiting
WHERE connection = ? AND due_at > ? AND due_at <= ? AND head = 1 ORDER BY due_at, id LIMIT ?
"""


def backlog(
    connection: sqlite3.Connection,
    runners: Runners,
    name: ConnectionName,
    policy: BatchPolicy,
    *,
    now: int,
    uptime: int,
) -> Backlog:
    """Look at the oldest claimable messages, the next waits that end, and the open batches."""
    limit, beyond = policy.max_profiles, now + LONGEST_WAIT_MICROS
    rows = connection.execute(_READY, (name, limit)).fetchall()
    rows += connection.execute(_DUE, (name, now, limit)).fetchall()
    rows += connection.execute(_BEYOND, (name, beyond, limit)).fetchall()
    claimable, weight = 0, 0
    oldest: int | None = None
    for _, weight_bytes, enqueued_at in sorted(rows)[:limit]:
        if weight >= policy.max_bytes:
            break
        claimable, weight = claimable + 1, weight + weight_bytes
        oldest = enqueued_at if oldest is None else min(oldest, enqueued_at)
    waiting = connection.execute(_NEXT_DUE, (name, now, beyond, limit)).fetchall()
    batches = open_batches(connection, runners, name, uptime)
    return Backlog(
        claimable=claimable,
        weight_bytes=weight,
        oldest_enqueued_at=from_micros(oldest),
        next_due_at=from_micros(waiting[0][0]) if waiting else None,
        oldest_waiting_at=from_micros(min((row[1] for row in waiting), default=None)),
        in_flight=len(batches.in_flight),
        abandoned=len(batches.abandoned),
    )

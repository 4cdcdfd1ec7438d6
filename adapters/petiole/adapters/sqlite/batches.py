"""The batches that were claimed and not settled yet, and whose they are."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from petiole.adapters.sqlite.runners import Runners
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import BatchId

_OPEN = """
SELECT id, owner, lease_ends FROM batch INDEXED BY batch_open
WHERE connection = ? AND settled_at IS NULL ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBatches:
    """Those of one connection, oldest first."""

    abandoned: Sequence[BatchId]
    in_flight: Sequence[BatchId]


def open_batches(
    connection: sqlite3.Connection, runners: Runners, name: ConnectionName, uptime: int
) -> OpenBatches:
    """Part the abandoned (lease over, or runner dead) from those that are being delivered."""
    abandoned: list[BatchId] = []
    in_flight: list[BatchId] = []
    for id_, owner, lease_ends in connection.execute(_OPEN, (name,)).fetchall():
        lives = lease_ends > uptime and runners.is_alive(owner)
        (in_flight if lives else abandoned).append(BatchId(id_))
    return OpenBatches(abandoned=abandoned, in_flight=in_flight)

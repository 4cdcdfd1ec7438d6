"""Sheaves: batches on their way whose messages are bound together in one row.

A new profile that is claimed as it enters is nearly always delivered a moment later. Its message
is written once, then: as delivered. Whoever looks sooner, in this process or another, finds it in
flight like any other, since a `Database` writes out what is bound before it lets anybody look.
Measured by `tests/benchmarks/bench_sync.py`.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache
from itertools import chain

from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.fields import FINGERPRINT_BYTES
from petiole.core.domain.message import BatchId, MessageId

AT_ONCE = 1_000
"""Sheaves that one statement writes: a statement takes no more than 32,766 parameters."""
_BIND = """
INSERT INTO sheaf (
    batch, connection, segment, first_message, last_message, first_profile, fingerprints,
    occurred_at, enqueued_at, tick
) VALUES
"""
_ANY = "SELECT 1 FROM sheaf LIMIT 1"
_PLACE = "(content.message - sheaf.first_message)"


def writing(state: str, head: str, settled_at: str) -> str:
    """Write the statement that gives messages of sheaves rows of their own; all of them, as is."""
    return f"""
        INSERT OR ROLLBACK INTO message (
            id, profile, connection, segment, kind, fingerprint, weight_bytes, state, head,
            attempts, batch, occurred_at, enqueued_at, settled_at, tick
        )
        SELECT
            content.message, first_profile + {_PLACE}, connection, segment, 'add',
            substr(fingerprints, {_PLACE} * {FINGERPRINT_BYTES} + 1, {FINGERPRINT_BYTES}),
            length(CAST(fields AS BLOB)), {state}, {head},
            1, batch, occurred_at, enqueued_at, {settled_at}, tick
        FROM sheaf CROSS JOIN content ON content.message BETWEEN first_message AND last_message
    """  # noqa: S608 - made of constants


_WRITE_OUT = writing("'in_flight'", "1", "NULL")
_LET_GO = "DELETE FROM sheaf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheaf:
    """A claimed batch of new profiles, none of which has anything else in the outbox."""

    batch: BatchId
    connection: ConnectionName
    segment: SegmentId
    first_message: MessageId
    last_message: MessageId
    first_profile: int
    fingerprints: bytes
    """Those of all, one behind the other."""
    occurred_at: int
    enqueued_at: int
    tick: int


def bind(connection: sqlite3.Connection, sheaves: Sequence[Sheaf]) -> None:
    """Write sheaves; what their messages say is written apart."""
    for place in range(0, len(sheaves), AT_ONCE):
        some = sheaves[place : place + AT_ONCE]
        connection.execute(_binding(len(some)), [*chain.from_iterable(map(astuple, some))])


@lru_cache(maxsize=4)
def _binding(sheaves: int) -> str:
    values = f"({', '.join('?' * len(Sheaf.__slots__))})"
    return _BIND + ", ".join([values] * sheaves)


def are_there(connection: sqlite3.Connection) -> bool:
    """Tell whether any message is bound."""
    return bool(connection.execute(_ANY).fetchall())


def write_out(connection: sqlite3.Connection) -> None:
    """Give each message that is bound a row of its own."""
    if are_there(connection):
        connection.execute(_WRITE_OUT)
        connection.execute(_LET_GO)

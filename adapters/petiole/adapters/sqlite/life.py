"""The life of a profile, put together from what is kept of its messages and of their batches."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from petiole.adapters.sqlite.attempts import from_json
from petiole.adapters.sqlite.instants import from_micros
from petiole.adapters.sqlite.profiles import key_of
from petiole.core.domain.change import AccountName, ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening, Step
from petiole.core.domain.message import BatchId, MessageId, MessageState
from petiole.core.exchange import Exchange

_MESSAGES = """
SELECT id, segment, first_kind, kind, state, batch, tick, enqueued_at, settled_at, folded_into
FROM message WHERE connection = :connection AND id IN (
    SELECT message.id FROM profile_key CROSS JOIN message INDEXED BY message_past
        ON message.profile = profile_key.profile AND head IS NULL WHERE key = :key
    UNION ALL
    SELECT message.id FROM profile_key CROSS JOIN message INDEXED BY message_head
        ON message.profile = profile_key.profile AND head = 1 WHERE key = :key
    UNION ALL
    SELECT message.id FROM profile_key CROSS JOIN message INDEXED BY message_behind
        ON message.profile = profile_key.profile AND head = 0 WHERE key = :key
)
"""
_HAPPENINGS = """
SELECT tick, at, step, batch, told, by
FROM happened CROSS JOIN happening ON happening.id = happened.happening
WHERE happened.message = ? ORDER BY happened.happening
"""
_BATCH = """
SELECT claim_tick, claimed_at, settle_tick, began_at, calls, exchanges FROM batch WHERE id = ?
"""
_LOST_CLAIMS = "SELECT claim_tick, claimed_at FROM lost_claim WHERE batch = ? ORDER BY epoch"

Place: TypeAlias = tuple[int, int, int, int]
"""Where a happening stands in a life: its tick, its moment where ticks were not kept yet, its
message, and its number in the message's own life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One claim of a batch, as far as something was sent."""

    tick: int
    at: int
    exchanges: Sequence[Exchange] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBatch:
    """A batch and its claims, and the tick in which it was settled."""

    sendings: Sequence[Sending]
    settle_tick: int


def life(
    connection: sqlite3.Connection,
    account: AccountName,
    name: ConnectionName,
    identifier: Identifier,
) -> Sequence[Happening]:
    """Tell in order what happened to a profile's changes in a connection."""
    asked = {"connection": name, "key": key_of(account, identifier)}
    batches = Batches(connection)
    told: list[tuple[Place, Happening]] = []
    for row in connection.execute(_MESSAGES, asked).fetchall():
        told += _Telling(connection, batches, row).told
    return [happening for _, happening in sorted(told, key=lambda pair: pair[0])]


class Batches:
    """The batches of one life, each read once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[BatchId, SentBatch] = {}

    def __getitem__(self, id_: BatchId) -> SentBatch:
        """Read a batch."""
        if id_ not in self._known:
            self._known[id_] = self._read(id_)
        return self._known[id_]

    def _read(self, id_: BatchId) -> SentBatch:
        lost = self._connection.execute(_LOST_CLAIMS, (id_,))
        sendings = [Sending(tick=tick, at=claimed_at) for tick, claimed_at in lost]
        row = self._connection.execute(_BATCH, (id_,)).fetchone()
        tick, claimed_at, settle_tick, began_at, calls, exchanges = row
        if calls is None:
            # Under way, or settled before records were kept.
            sendings.append(Sending(tick=tick, at=claimed_at))
        elif calls:
            sendings.append(Sending(tick=tick, at=began_at, exchanges=from_json(exchanges)))
        return SentBatch(sendings=sendings, settle_tick=settle_tick)


class _Telling:
    """The life of one message."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        batches: Batches,
        row: tuple[int, str, str | None, str, str, int | None, int, int, int, int | None],
    ) -> None:
        id_, segment, first_kind, kind, state, batch, tick, enqueued_at, settled_at, into = row
        self.told: list[tuple[Place, Happening]] = []
        self._batches = batches
        self._message = MessageId(id_)
        self._segment = SegmentId(segment)
        self._kind = ChangeKind(first_kind or kind)
        self._batch: BatchId | None = None
        self._tell(Step.ENQUEUED, tick, enqueued_at)
        if into is not None:
            self._tell(Step.FOLDED, tick, enqueued_at, into=MessageId(into))
        self._kind = ChangeKind(kind)
        is_delivered = state == MessageState.DELIVERED
        for at_tick, at, step, of_batch, words, by in connection.execute(_HAPPENINGS, (id_,)):
            self._send(of_batch)
            self._tell(Step(step), at_tick, at, told=words, by=by)
            is_delivered = is_delivered and step != Step.ARRIVED
        self._send(batch)
        if is_delivered and batch is not None:
            self._tell(Step.DELIVERED, batches[BatchId(batch)].settle_tick, settled_at)

    def _send(self, batch: int | None) -> None:
        if batch is None or batch == self._batch:
            return
        self._batch = BatchId(batch)
        for sending in self._batches[self._batch].sendings:
            self._tell(Step.SENT, sending.tick, sending.at, exchanges=sending.exchanges)

    def _tell(
        self,
        step: Step,
        tick: int,
        at: int,
        *,
        told: str = "",
        by: str = "",
        into: MessageId | None = None,
        exchanges: Sequence[Exchange] = (),
    ) -> None:
        place = (tick, 0 if tick else at, self._message, len(self.told))
        happening = Happening(
            at=from_micros(at),
            step=step,
            message=self._message,
            segment=self._segment,
            kind=self._kind,
            told=told,
            by=by,
            batch=self._batch,
            into=into,
            exchanges=exchanges,
        )
        self.told.append((place, happening))

"""What the stores in memory share: one state object, many views."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import RLock
from typing import TypeAlias

from petiole.adapters.memory.lines import Lines
from petiole.adapters.memory.row import ClaimedBatch, LineKey, Row, RunnerNumber
from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import (
    AccountName,
    ChangeId,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
)
from petiole.core.domain.engagement import RefusedEngagement, StoredEngagement
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening, Step
from petiole.core.domain.message import BatchId, MessageId, MessageState
from petiole.core.exchange import Exchange

LifeKey: TypeAlias = tuple[AccountName, ConnectionName, Identifier]
Usage: TypeAlias = Counter[tuple[ConnectionName, datetime]]


@dataclass(slots=True)
class MemoryState:
    """Rows, and what finds them quickly. Whoever reads or writes holds `lock`."""

    lock: RLock = field(default_factory=RLock)
    rows: dict[MessageId, Row] = field(default_factory=dict)
    seen: set[tuple[ConnectionName, ChangeId]] = field(default_factory=set)
    lines: Lines = field(default_factory=Lines)
    batches: dict[BatchId, ClaimedBatch] = field(default_factory=dict)
    """Those not settled, oldest first."""
    enqueued: Counter[ConnectionName] = field(default_factory=Counter)
    tallies: defaultdict[ConnectionName, Counter[MessageState]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    usage: Usage = field(default_factory=Counter)
    """Calls of each connection, by the quarter of an hour in which their attempts ended."""
    ledger: defaultdict[Scope, dict[Identifier, bytes | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    last_delivered: dict[LineKey, MessageId] = field(default_factory=dict)
    """The latest change of each profile that was ever delivered."""
    lives: defaultdict[LifeKey, list[Happening]] = field(default_factory=lambda: defaultdict(list))
    first_accepted: dict[Scope, datetime] = field(default_factory=dict)
    """When the platform first took a profile for a scope."""
    engagements: list[tuple[AccountName, StoredEngagement]] = field(default_factory=list)
    refused_engagements: list[RefusedEngagement] = field(default_factory=list)
    checkpoints: dict[tuple[ConnectionName, str], str] = field(default_factory=dict)
    connections: dict[ConnectionName, ConnectionState] = field(default_factory=dict)
    runners: set[RunnerNumber] = field(default_factory=set)
    """Those that are alive."""
    listeners: list[Callable[[], None]] = field(default_factory=list)
    message_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    runner_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    batch_numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def ring(self) -> None:
        """Wake whoever listens; not to be called under the lock."""
        with self.lock:
            listeners = list(self.listeners)
        for wake in listeners:
            wake()

    def add(self, change: ProfileChange, state: MessageState, now: datetime) -> Row:
        """Store a new row and count it."""
        id_ = MessageId(next(self.message_numbers))
        row = Row(id=id_, change=change, state=state, enqueued_at=now)
        self.rows[row.id] = row
        self.enqueued[change.scope.connection] += 1
        self.tallies[change.scope.connection][state] += 1
        self.tell(row, Step.ENQUEUED, now)
        return row

    def move(self, row: Row, state: MessageState) -> None:
        """Change a row's state and the sums with it."""
        sums = self.tallies[row.change.scope.connection]
        sums[row.state] -= 1
        sums[state] += 1
        row.state = state

    def deliver(self, row: Row, now: datetime) -> None:
        """Count a row as delivered, and note it in the ledger."""
        held = self.ledger[row.change.scope]
        if row.change.kind is ChangeKind.REMOVE:
            held.pop(row.change.identifier, None)
        else:
            held[row.change.identifier] = row.change.fingerprint
            self.first_accepted.setdefault(row.change.scope, now)
        self.last_delivered[row.line] = max(row.id, self.last_delivered.get(row.line, row.id))
        self.move(row, MessageState.DELIVERED)
        row.settled_at = now
        self.lines.leave(row)

    def tell(
        self,
        row: Row,
        step: Step,
        at: datetime,
        *,
        told: str = "",
        by: str = "",
        into: MessageId | None = None,
        exchanges: Sequence[Exchange] = (),
    ) -> None:
        """Add to the life of a row's profile."""
        happening = Happening(
            at=at,
            step=step,
            message=row.id,
            segment=row.change.scope.segment,
            kind=row.change.kind,
            told=told,
            by=by,
            batch=row.batch,
            into=into,
            exchanges=exchanges,
        )
        self.lives[life_of(row)].append(happening)

    def last_open(
        self, scope: Scope, identifier: Identifier, before: MessageId | None = None
    ) -> Row | None:
        """Find the last open message of a profile in a scope, or the last one before another."""
        for row in reversed(self.lines.of((scope.account, identifier))):
            if row.state is MessageState.DEAD:
                continue
            if row.change.scope == scope and (before is None or row.id < before):
                return row
        return None

    def holds(self, scope: Scope, identifier: Identifier, before: MessageId | None = None) -> bool:
        """Tell whether the scope holds a profile if open messages count as delivered."""
        last = self.last_open(scope, identifier, before)
        if last is None:
            return identifier in self.ledger[scope]
        return last.change.kind is not ChangeKind.REMOVE


def life_of(row: Row) -> LifeKey:
    """Tell whose life a row belongs to."""
    scope = row.change.scope
    return scope.account, scope.connection, row.change.identifier

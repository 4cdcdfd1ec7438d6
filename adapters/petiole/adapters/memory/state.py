"""What the stores in memory share: one state object, many views."""

from bisect import insort
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from threading import RLock
from typing import TypeAlias

from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import (
    AccountName,
    ChangeId,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
)
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import BatchId, MessageId, MessageState

LineKey: TypeAlias = tuple[AccountName, Identifier]
"""One profile on one account: its open messages form a line."""
RunnerNumber: TypeAlias = int


@dataclass(slots=True, kw_only=True)
class Row:
    """A message as it is stored. `batch` is the last one that it was claimed in."""

    id: MessageId
    change: ProfileChange
    state: MessageState
    enqueued_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    batch: BatchId | None = None
    settled_at: datetime | None = None
    code: str = ""
    reason: str = ""

    @property
    def line(self) -> LineKey:
        """Whose turn it waits for."""
        return self.change.scope.account, self.change.identifier


@dataclass(slots=True, kw_only=True)
class ClaimedBatch:
    """Messages claimed together, and by whom."""

    id: BatchId
    connection: ConnectionName
    rows: list[Row]
    owner: RunnerNumber
    lease_until: datetime


@dataclass(slots=True)
class MemoryState:
    """Rows, and what finds them quickly. Whoever reads or writes holds `lock`.

    `lines` hold the open rows of each profile in order; the first of a line is its head and the
    only one that may be claimed. `ready` and `waiting` hold the pending heads of each connection,
    sorted.
    """

    lock: RLock = field(default_factory=RLock)
    rows: dict[MessageId, Row] = field(default_factory=dict)
    seen: set[tuple[ConnectionName, ChangeId]] = field(default_factory=set)
    lines: dict[LineKey, deque[Row]] = field(default_factory=dict)
    ready: defaultdict[ConnectionName, list[MessageId]] = field(
        default_factory=lambda: defaultdict(list)
    )
    waiting: defaultdict[ConnectionName, list[tuple[datetime, MessageId]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    batches: dict[BatchId, ClaimedBatch] = field(default_factory=dict)
    """Those not settled, oldest first."""
    enqueued: Counter[ConnectionName] = field(default_factory=Counter)
    tallies: defaultdict[ConnectionName, Counter[MessageState]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    ledger: defaultdict[Scope, dict[Identifier, bytes | None]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    connections: dict[ConnectionName, ConnectionState] = field(default_factory=dict)
    runners: set[RunnerNumber] = field(default_factory=set)
    """Those that are alive."""
    runner_numbers: Iterator[int] = field(default_factory=lambda: count(1))
    batch_numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def add(self, change: ProfileChange, state: MessageState, now: datetime) -> Row:
        """Store a new row and count it."""
        row = Row(id=MessageId(len(self.rows) + 1), change=change, state=state, enqueued_at=now)
        self.rows[row.id] = row
        self.enqueued[change.scope.connection] += 1
        self.tallies[change.scope.connection][state] += 1
        return row

    def move(self, row: Row, state: MessageState) -> None:
        """Change a row's state and the sums with it."""
        sums = self.tallies[row.change.scope.connection]
        sums[row.state] -= 1
        sums[state] += 1
        row.state = state

    def offer(self, row: Row) -> None:
        """Let a pending head be found by claims, at once or when it is due."""
        connection = row.change.scope.connection
        if row.due_at is None:
            insort(self.ready[connection], row.id)
        else:
            insort(self.waiting[connection], (row.due_at, row.id))

    def last_open(
        self, scope: Scope, identifier: Identifier, before: MessageId | None = None
    ) -> Row | None:
        """Find the last open message of a profile in a scope, or the last one before another."""
        for row in reversed(self.lines.get((scope.account, identifier), ())):
            if row.change.scope == scope and (before is None or row.id < before):
                return row
        return None

    def holds(self, scope: Scope, identifier: Identifier, before: MessageId | None = None) -> bool:
        """Tell whether the scope holds a profile if open messages count as delivered."""
        last = self.last_open(scope, identifier, before)
        if last is None:
            return identifier in self.ledger[scope]
        return last.change.kind is not ChangeKind.REMOVE

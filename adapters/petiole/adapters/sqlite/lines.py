"""The lines that changes stand in: one for each profile on an account; its head may be claimed.

What is enqueued is planned in memory from the ends of the lines concerned, and written in one go.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.held import is_held_before
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.row import to_change
from petiole.core.domain.change import AccountName, ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.folding import fold
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.tally import EnqueueReceipt

LineKey: TypeAlias = tuple[AccountName, Identifier]
Event: TypeAlias = tuple[ConnectionName, str]

_SEEN = """
SELECT m.event FROM json_each(?) AS asked
CROSS JOIN message AS m INDEXED BY message_event ON m.connection = ? AND m.event = asked.value
"""
_ENDS = """
SELECT
    m.id, m.state = 'pending' AND m.batch IS NULL,
    m.event, m.account, m.connection, m.segment, m.identifier_type, m.identifier,
    m.kind, m.fields, m.fingerprint, m.occurred_at
FROM json_each(?) AS asked
CROSS JOIN message AS h INDEXED BY message_head
    ON h.account = ? AND h.identifier_type = ? AND h.identifier = asked.value AND h.head = 1
JOIN message AS m ON m.id = coalesce(
    (
        SELECT b.id FROM message AS b INDEXED BY message_behind
        WHERE b.account = h.account AND b.identifier_type = h.identifier_type
            AND b.identifier = h.identifier AND b.state = 'pending' AND b.head = 0
        ORDER BY b.id DESC LIMIT 1
    ),
    h.id
)
"""
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
_INSERT = """
INSERT INTO message (
    id, event, account, connection, segment, identifier_type, identifier, kind, fields,
    fingerprint, weight_bytes, state, head, occurred_at, enqueued_at, settled_at, folded_into
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_REWRITE = """
UPDATE message SET kind = ?, fields = ?, fingerprint = ?, weight_bytes = ? WHERE id = ?
"""


@dataclass(slots=True)
class Entry:
    """One message in a line, stored or about to be."""

    id: MessageId
    change: ProfileChange
    is_fresh: bool
    """Never claimed, so that others may be folded into it."""
    head: bool = False
    folded_into: MessageId | None = None


class Plan:
    """What one call adds to the lines."""

    def __init__(self, connection: sqlite3.Connection, changes: Sequence[ProfileChange]) -> None:
        self._connection = connection
        self._seen = _seen(connection, changes)
        self._ends = _ends(connection, changes)
        self._earlier: defaultdict[LineKey, list[Entry]] = defaultdict(list)
        [(last_id,)] = connection.execute(_LAST_ID)
        self._first_id: int = last_id + 1
        self._added: list[Entry] = []
        self._rewritten: dict[MessageId, Entry] = {}
        self._repeated = 0

    def take(self, change: ProfileChange, *, folding: bool) -> None:
        """Put a change at the end of its line, or fold it into the one that stands there."""
        if change.id is not None:
            event = (change.scope.connection, change.id)
            if event in self._seen:
                self._repeated += 1
                return
            self._seen.add(event)
        key = (change.scope.account, change.identifier)
        entry = Entry(MessageId(self._first_id + len(self._added)), change, is_fresh=True)
        self._added.append(entry)
        end = self._ends.get(key)
        if end is None:
            entry.head = True
        elif folding and end.is_fresh and end.change.scope == change.scope:
            self._fold(end, entry, key)
            return
        else:
            self._earlier[key].append(end)
        self._ends[key] = entry

    def _fold(self, survivor: Entry, entry: Entry, key: LineKey) -> None:
        change = entry.change
        comes_back = (
            survivor.change.kind is ChangeKind.REMOVE and change.kind is not ChangeKind.REMOVE
        )
        held = comes_back and self._is_held_before(survivor, key)
        survivor.change = fold(survivor.change, change, held=held)
        entry.folded_into = survivor.id
        if survivor.id < self._first_id:
            self._rewritten[survivor.id] = survivor

    def _is_held_before(self, survivor: Entry, key: LineKey) -> bool:
        scope = survivor.change.scope
        for earlier in reversed(self._earlier[key]):
            if earlier.change.scope == scope:
                return earlier.change.kind is not ChangeKind.REMOVE
        return is_held_before(self._connection, scope, survivor.change.identifier, survivor.id)

    def write(self, now: int) -> EnqueueReceipt:
        """Store what was planned, count it, and tell."""
        self._connection.executemany(_INSERT, (_new_row(entry, now) for entry in self._added))
        self._connection.executemany(_REWRITE, map(_rewritten_row, self._rewritten.values()))
        states: defaultdict[ConnectionName, Counter[MessageState]] = defaultdict(Counter)
        for entry in self._added:
            states[entry.change.scope.connection][_state(entry)] += 1
        for name, numbers in states.items():
            sums.add(self._connection, name, numbers)
        return EnqueueReceipt(
            enqueued=len(self._added),
            folded=sum(numbers[MessageState.FOLDED] for numbers in states.values()),
            repeated=self._repeated,
        )


def _seen(connection: sqlite3.Connection, changes: Iterable[ProfileChange]) -> set[Event]:
    asked: defaultdict[ConnectionName, list[str]] = defaultdict(list)
    for change in changes:
        if change.id is not None:
            asked[change.scope.connection].append(change.id)
    return {
        (name, event)
        for name, events in asked.items()
        for (event,) in connection.execute(_SEEN, (json.dumps(events), name))
    }


def _ends(connection: sqlite3.Connection, changes: Iterable[ProfileChange]) -> dict[LineKey, Entry]:
    asked: defaultdict[tuple[AccountName, str], set[str]] = defaultdict(set)
    for change in changes:
        identifier = change.identifier
        asked[change.scope.account, identifier.type.value].add(identifier.value)
    ends: dict[LineKey, Entry] = {}
    for (account, type_), values in asked.items():
        for id_, is_fresh, *row in connection.execute(
            _ENDS, (json.dumps(list(values)), account, type_)
        ):
            change = to_change(tuple(row))
            ends[account, change.identifier] = Entry(id_, change, bool(is_fresh))
    return ends


def _state(entry: Entry) -> MessageState:
    return MessageState.PENDING if entry.folded_into is None else MessageState.FOLDED


def _new_row(entry: Entry, now: int) -> tuple[str | int | bytes | None, ...]:
    change, scope = entry.change, entry.change.scope
    text: str | None = change.fields.text
    fingerprint, weight, settled_at = change.fingerprint, _weight(change), None
    if entry.folded_into is not None:
        text, fingerprint, weight, settled_at = None, None, 0, now
    return (
        entry.id,
        change.id,
        scope.account,
        scope.connection,
        scope.segment,
        change.identifier.type.value,
        change.identifier.value,
        change.kind.value,
        text,
        fingerprint,
        weight,
        _state(entry).value,
        int(entry.head),
        to_micros(change.occurred_at),
        now,
        settled_at,
        entry.folded_into,
    )


def _rewritten_row(entry: Entry) -> tuple[str, str, bytes | None, int, int]:
    change = entry.change
    return change.kind.value, change.fields.text, change.fingerprint, _weight(change), entry.id


def _weight(change: ProfileChange) -> int:
    """Weigh what a batch's limit counts: the fields, as UTF-8."""
    return len(change.fields.text.encode())

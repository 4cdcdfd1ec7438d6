"""The lines that changes stand in: one for each profile on an account; its head may be claimed.

What is enqueued is planned in memory from the ends of the lines concerned, and written in one go.
"""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.held import is_held_before
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.profiles import ProfileNumber, numbered
from petiole.adapters.sqlite.row import to_change
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.folding import fold
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.tally import EnqueueReceipt

_SEEN = """
SELECT event FROM json_each(:events) AS asked
CROSS JOIN message INDEXED BY message_event
    ON connection = :connection AND event IS NOT NULL AND event = asked.value
UNION ALL
SELECT event FROM json_each(:events) AS asked
CROSS JOIN seen ON connection = :connection AND event = asked.value
"""
_ENDS = """
SELECT
    last.profile, last.id, last.state = 'pending' AND last.batch IS NULL, last.state <> 'dead',
    last.event, account, last.connection, last.segment, identifier_type, identifier,
    last.kind, fields, last.fingerprint, last.occurred_at, edit
FROM json_each(?) AS asked
CROSS JOIN message AS front INDEXED BY message_head
    ON front.profile = asked.value AND front.head = 1
CROSS JOIN message AS last ON last.id = coalesce(
    (
        SELECT behind.id FROM message AS behind INDEXED BY message_behind
        WHERE behind.profile = front.profile AND behind.head = 0
        ORDER BY behind.id DESC LIMIT 1
    ),
    front.id
)
CROSS JOIN profile ON profile.id = last.profile
CROSS JOIN content ON content.message = last.id
"""
_LAST_ID = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'"
_SKIP = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'message'"
_ADD = """
INSERT INTO message (
    id, event, profile, connection, segment, kind, fingerprint, weight_bytes, state, head,
    occurred_at, enqueued_at, settled_at, folded_into, first_kind, tick
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SAY = "INSERT INTO content (message, fields) VALUES (?, ?)"
_REWRITE = """
UPDATE message SET
    first_kind = coalesce(first_kind, nullif(kind, :kind)), kind = :kind,
    fingerprint = :fingerprint, weight_bytes = :weight_bytes
WHERE id = :id
"""
_SAY_ANEW = "UPDATE content SET fields = :fields WHERE message = :id"


@dataclass(slots=True)
class Entry:
    """One message in a line, stored or about to be."""

    id: MessageId
    profile: ProfileNumber
    change: ProfileChange
    is_fresh: bool = True
    """Never claimed, so that others may be folded into it."""
    is_open: bool = True
    """Not a letter that holds its line, which counts as nothing."""
    head: int | None = 0
    first_kind: ChangeKind | None = None
    folded_into: MessageId | None = None


def enqueue(
    connection: sqlite3.Connection,
    changes: Sequence[ProfileChange],
    *,
    folding: bool,
    now: int,
) -> EnqueueReceipt:
    """Put changes at the ends of their lines, in order, or fold them into those who stand there."""
    fresh = _unseen(connection, changes)
    profiles = numbered(connection, fresh)
    lines = Lines(connection, profiles)
    for profile, change in zip(profiles, fresh, strict=True):
        lines.take(profile, change, folding=folding)
    folded = lines.write(now) if fresh else 0
    return EnqueueReceipt(enqueued=len(fresh), folded=folded, repeated=len(changes) - len(fresh))


def newest_message(connection: sqlite3.Connection) -> MessageId:
    """Tell the number of the newest message; those that are added follow it one by one."""
    [(number,)] = connection.execute(_LAST_ID).fetchall()
    return MessageId(number)


def skip_numbers(connection: sqlite3.Connection, messages: int) -> None:
    """Leave out so many numbers: messages that are bound have them.

    The row has been there since the table was last moved (`migration_0004.py`).
    """
    connection.execute(_SKIP, (messages,))


class Lines:
    """The lines that one call adds to."""

    def __init__(self, connection: sqlite3.Connection, profiles: Iterable[ProfileNumber]) -> None:
        self._connection = connection
        self._ends = _ends(connection, profiles)
        self._earlier: defaultdict[ProfileNumber, list[Entry]] = defaultdict(list)
        self._first_id = newest_message(connection) + 1
        self._added: list[Entry] = []
        self._rewritten: dict[MessageId, Entry] = {}

    def take(self, profile: ProfileNumber, change: ProfileChange, *, folding: bool) -> None:
        """Put a change at the end of its line, or fold it into the one that stands there."""
        entry = Entry(MessageId(self._first_id + len(self._added)), profile, change)
        self._added.append(entry)
        end = self._ends.get(profile)
        if end is None:
            entry.head = 1
        elif folding and end.is_fresh and end.change.scope == change.scope:
            self._fold(end, entry)
            return
        else:
            self._earlier[profile].append(end)
        self._ends[profile] = entry

    def _fold(self, survivor: Entry, entry: Entry) -> None:
        held = self._comes_back(survivor, entry) and self._is_held_before(survivor)
        was = survivor.change.kind
        survivor.change = fold(survivor.change, entry.change, held=held)
        if survivor.change.kind is not was:
            survivor.first_kind = survivor.first_kind or was
        entry.folded_into = survivor.id
        entry.head = None
        if survivor.id < self._first_id:
            self._rewritten[survivor.id] = survivor

    def _comes_back(self, survivor: Entry, entry: Entry) -> bool:
        """Tell whether folding depends on what is held, which takes a look to find out."""
        was, becomes = survivor.change.kind, entry.change.kind
        return was is ChangeKind.REMOVE and becomes is not ChangeKind.REMOVE

    def _is_held_before(self, survivor: Entry) -> bool:
        scope = survivor.change.scope
        for earlier in reversed(self._earlier[survivor.profile]):
            if earlier.is_open and earlier.change.scope == scope:
                return earlier.change.kind is not ChangeKind.REMOVE
        return is_held_before(self._connection, scope, survivor.profile, survivor.id)

    def write(self, now: int) -> int:
        """Store what was taken, count it, and tell how many were folded."""
        enqueued = Counter(entry.change.scope.connection for entry in self._added)
        ticks = {name: sums.next_tick(self._connection, name) for name in enqueued}
        rows = [_new_row(e, now, ticks[e.change.scope.connection]) for e in self._added]
        self._connection.executemany(_ADD, rows)
        said = [(e.id, e.change.fields.text) for e in self._added if e.folded_into is None]
        self._connection.executemany(_SAY, said)
        rewritten = [_rewritten_row(entry) for entry in self._rewritten.values()]
        self._connection.executemany(_REWRITE, rewritten)
        self._connection.executemany(_SAY_ANEW, rewritten)
        folds = [entry for entry in self._added if entry.folded_into is not None]
        folded = Counter(entry.change.scope.connection for entry in folds)
        for name, number in enqueued.items():
            states = {
                MessageState.PENDING: number - folded[name],
                MessageState.FOLDED: folded[name],
            }
            sums.add(self._connection, name, states)
        return len(folds)


def _unseen(
    connection: sqlite3.Connection, changes: Sequence[ProfileChange]
) -> Sequence[ProfileChange]:
    """Leave out changes whose id their connection has seen, here or before."""
    asked: defaultdict[ConnectionName, dict[str, int]] = defaultdict(dict)
    for place, change in enumerate(changes):
        if change.id is not None:
            asked[change.scope.connection].setdefault(change.id, place)
    if not asked:
        return changes
    for name, first in asked.items():
        names = {"events": json.dumps(list(first)), "connection": name}
        for (event,) in connection.execute(_SEEN, names).fetchall():
            del first[event]
    return [
        change
        for place, change in enumerate(changes)
        if change.id is None or asked[change.scope.connection].get(change.id) == place
    ]


def _ends(
    connection: sqlite3.Connection, profiles: Iterable[ProfileNumber]
) -> dict[ProfileNumber, Entry]:
    return {
        profile: Entry(id_, profile, to_change(tuple(change)), bool(is_fresh), bool(is_open))
        for profile, id_, is_fresh, is_open, *change in connection.execute(
            _ENDS, (json.dumps(list(set(profiles))),)
        )
    }


def _new_row(entry: Entry, now: int, tick: int) -> tuple[str | int | bytes | None, ...]:
    change = entry.change
    is_folded = entry.folded_into is not None
    return (
        entry.id,
        change.id,
        entry.profile,
        change.scope.connection,
        change.scope.segment,
        str(change.kind),
        None if is_folded else change.fingerprint,
        0 if is_folded else _weight_bytes(change),
        "folded" if is_folded else "pending",
        entry.head,
        to_micros(change.occurred_at),
        now,
        now if is_folded else None,
        entry.folded_into,
        entry.first_kind and str(entry.first_kind),
        tick,
    )


def _rewritten_row(entry: Entry) -> dict[str, str | int | bytes | None]:
    change = entry.change
    return {
        "id": entry.id,
        "kind": str(change.kind),
        "fields": change.fields.text,
        "fingerprint": change.fingerprint,
        "weight_bytes": _weight_bytes(change),
    }


def _weight_bytes(change: ProfileChange) -> int:
    """Weigh what a batch's limit counts: the fields, as UTF-8."""
    return len(change.fields.text.encode())

"""What ought to be stored: every change that was enqueued, and what became of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import edited
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageState
from petiole.core.domain.tally import EnqueueReceipt, Tally
from tests.simulation.stores import Seen

LineKey: TypeAlias = tuple[str, str]
"""Account and identifier."""

P, F = MessageState.PENDING, MessageState.IN_FLIGHT
DELIVERED, FOLDED = MessageState.DELIVERED, MessageState.FOLDED
PARKED, DEAD, ERASED = MessageState.PARKED, MessageState.DEAD, MessageState.ERASED

_BY_RUNNERS = {
    P: {P, F, DELIVERED, PARKED, DEAD},
    F: {P, F, DELIVERED, PARKED, DEAD},
    DELIVERED: {DELIVERED},
    FOLDED: {FOLDED},
    PARKED: {PARKED},
    DEAD: {DEAD},
    ERASED: {ERASED},
}
_BY_PEOPLE = {PARKED: {P, DELIVERED, ERASED}, DEAD: {P, ERASED}}
_FORGETTABLE = {DELIVERED, FOLDED, ERASED}


@dataclass(slots=True)
class Entry:
    """One message. `changes` are its own and those that were folded into it."""

    id: int
    changes: list[ProfileChange]
    state: MessageState
    folded_into: int | None = None
    settled_at: datetime | None = None
    edit: Fields | None = None
    is_redriven: bool = False
    sent_again: int = 0
    """How often a person decided so."""
    is_said_to_have_arrived: bool = False
    is_pruned: bool = False

    @property
    def first(self) -> ProfileChange:
        """Its own change."""
        return self.changes[0]

    @property
    def line(self) -> LineKey:
        """Whose turn it waits for."""
        return self.first.scope.account, self.first.identifier.value

    @property
    def connection(self) -> ConnectionName:
        """The connection that carries it."""
        return self.first.scope.connection

    @property
    def removes(self) -> bool:
        """Whether its effect is that the profile is gone."""
        return self.changes[-1].kind is ChangeKind.REMOVE

    @property
    def fields(self) -> Fields:
        """What it brings: everything since the last removal, later fields first, edits on top."""
        brought = Fields()
        for change in self.changes:
            gone = change.kind is ChangeKind.REMOVE
            brought = Fields() if gone else brought.merged_with(change.fields)
        return brought if self.edit is None else edited(brought, self.edit)


@dataclass(slots=True)
class Books:
    """All messages that ever were; `blame` is told what does not add up."""

    blame: Callable[[str], None]
    entries: dict[int, Entry] = field(default_factory=dict)
    held: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """Connection and segment -> profiles that were delivered and not removed since."""
    expected: dict[int, set[MessageState]] = field(default_factory=dict)
    """Message -> the states in which a settlement that returned may have left it."""
    _enqueued: list[ProfileChange] = field(default_factory=list)
    _events: set[tuple[str, str]] = field(default_factory=set)
    _lines: dict[LineKey, list[Entry]] = field(default_factory=dict)

    def enqueueing(self, changes: Sequence[ProfileChange]) -> None:
        """Expect these, except for repeated ones."""
        for change in changes:
            event = (change.scope.connection, change.id or "")
            if change.id is not None and event in self._events:
                continue
            self._events.add(event)
            self._enqueued.append(change)

    def enqueued(self, receipt: EnqueueReceipt | None, rows: Sequence[Seen], given: int) -> None:
        """Enter what came of it; without a receipt, who enqueued has died on the way."""
        known = len(self.entries)
        self.take(rows)
        new, wanted = len(self.entries) - known, len(self._enqueued) + len(self.entries) - known
        missed, self._enqueued = self._enqueued, []
        if receipt is None:
            if new not in {0, wanted}:
                self.blame(f"half of an enqueue is there: {new} of {wanted}")
            for change in missed:
                self._events.discard((change.scope.connection, change.id or ""))
            return
        folds = sum(entry.state is FOLDED for entry in list(self.entries.values())[known:])
        told = (receipt.enqueued, receipt.folded, receipt.repeated)
        if told != (wanted, folds, given - wanted) or missed:
            self.blame(f"enqueued {told}, not {(wanted, folds, given - wanted)}; {missed} missed")

    def take(
        self, rows: Sequence[Seen], *, decided: bool = False, forgotten: datetime | None = None
    ) -> None:
        """Compare what is stored with what was known, and enter what changed.

        `decided` tells that a person did it; who pruned, hands in before when (`forgotten`).
        """
        present = set()
        for row in rows:
            present.add(row.id)
            entry = self.entries.get(row.id)
            if entry is None:
                self._add(row)
            elif entry.state is not row.state:
                self._move(entry, row, decided=decided)
            elif entry.is_pruned:
                self.blame(f"#{row.id} came back after it was forgotten")
        for id_, states in self.expected.items():
            if self.entries[id_].state not in states:
                self.blame(f"#{id_} is {self.entries[id_].state} after it was settled as {states}")
        self.expected.clear()
        if len(present) < len(self.entries):
            self._miss(present, forgotten)

    def _add(self, row: Seen) -> None:
        change = next((c for c in self._enqueued if _alike(c, row)), None)
        if change is None:
            self.blame(f"#{row.id} of {row.identifier} in {row.connection} comes from nowhere")
            return
        if any(
            c.identifier == change.identifier and c.scope.account == change.scope.account
            for c in self._enqueued[: self._enqueued.index(change)]
        ):
            self.blame(f"#{row.id} overtook another change of {row.identifier}")
        self._enqueued.remove(change)
        entry = Entry(row.id, [change], row.state, row.folded_into, row.settled_at)
        self.entries[row.id] = entry
        self._lines.setdefault(entry.line, []).append(entry)
        if row.state is FOLDED:
            self._fold(entry)
        elif row.state is not P:
            self.blame(f"#{row.id} begins as {row.state}")

    def _fold(self, entry: Entry) -> None:
        survivor = self.entries.get(entry.folded_into or 0)
        before = [e for e in self._lines[entry.line] if e.id < entry.id and e.state is not FOLDED]
        open_before = [e for e in before if e.state in {P, F, PARKED}]
        if survivor is None or open_before[-1:] != [survivor] or survivor.state is not P:
            self.blame(f"#{entry.id} was folded into #{entry.folded_into}")
        elif survivor.first.scope != entry.first.scope:
            self.blame(f"#{entry.id} was folded into #{survivor.id} of another scope")
        else:
            survivor.changes.extend(entry.changes)

    def _move(self, entry: Entry, row: Seen, *, decided: bool) -> None:
        allowed = _BY_PEOPLE.get(entry.state, set()) if decided else _BY_RUNNERS[entry.state]
        if row.state not in allowed:
            self.blame(f"#{entry.id} went from {entry.state} to {row.state}")
        if decided and row.state is P:
            entry.is_redriven |= entry.state is DEAD
            entry.sent_again += 1
            later = [e.id for e in self._lines[entry.line] if e.id > entry.id]
            if any(self.entries[id_].state is DELIVERED for id_ in later):
                self.blame(f"#{entry.id} is sent again, and would undo one of {later}")
        if decided and row.state is DELIVERED:
            entry.is_said_to_have_arrived = True
        entry.state, entry.settled_at = row.state, row.settled_at
        if row.state is DELIVERED:
            scope = entry.first.scope
            held = self.held.setdefault((scope.connection, scope.segment), set())
            (held.discard if entry.removes else held.add)(entry.first.identifier.value)

    def _miss(self, present: set[int], forgotten: datetime | None) -> None:
        for entry in self.entries.values():
            if entry.id in present or entry.is_pruned:
                continue
            entry.is_pruned = True
            is_old = forgotten and entry.settled_at and entry.settled_at < forgotten
            if entry.state not in _FORGETTABLE or not is_old:
                self.blame(f"#{entry.id} is lost: it was {entry.state} since {entry.settled_at}")

    def check_lines(self) -> None:
        """Of each profile one change at most is in flight, and none that has to wait."""
        for line, entries in self._lines.items():
            flying = [entry for entry in entries if entry.state is F]
            if len(flying) > 1:
                self.blame(f"{line} has {[entry.id for entry in flying]} in flight")
            for entry in entries if flying else ():
                waits = entry.state is PARKED or (entry.state is P and not entry.is_redriven)
                if entry.id < flying[0].id and waits:
                    self.blame(f"#{flying[0].id} overtook #{entry.id}, which is {entry.state}")

    def tally(
        self, connection: ConnectionName, *, present: bool = False
    ) -> Mapping[MessageState, int]:
        """Count the messages that ever were, or only those that are still there."""
        return Counter(
            entry.state
            for entry in self.entries.values()
            if entry.connection == connection and not (present and entry.is_pruned)
        )

    def check_sums(self, connection: ConnectionName, kept: Tally, audit: Tally | None) -> None:
        """The accounting identity: kept sums, counted rows and these books agree."""
        if not kept.balanced:
            self.blame(f"the sums of {connection} are not balanced: {kept}")
        wanted = self.tally(connection)
        if {s: n for s, n in kept.states.items() if n} != dict(wanted):
            self.blame(f"the sums of {connection} are {kept}, not {dict(wanted)}")
        if audit is not None:
            rows = self.tally(connection, present=True)
            if {s: n for s, n in audit.states.items() if n} != dict(rows):
                self.blame(f"the rows of {connection} are {audit}, not {dict(rows)}")


def _alike(change: ProfileChange, row: Seen) -> bool:
    return (
        change.identifier.value == row.identifier
        and change.scope.connection == row.connection
        and change.id == row.event
    )

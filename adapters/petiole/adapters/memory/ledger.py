"""The ledger in memory."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from petiole.adapters.memory.outbox import MemoryOutbox
from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageState
from petiole.core.ports.ledger import Difference, Entered, Repeat
from petiole.core.ports.snapshot import SnapshotProfile

MOST_REPEATS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryComparison:
    """A snapshot, judged when it was entered."""

    scope: Scope
    judged: Sequence[tuple[SnapshotProfile, ChangeKind | None]]
    removed: Sequence[Identifier]
    held: int
    repeated: Sequence[Repeat]
    outbox: MemoryOutbox

    def difference(self) -> Difference:
        """Count."""
        kinds = [kind for _, kind in self.judged]
        return Difference(
            added=kinds.count(ChangeKind.ADD),
            updated=kinds.count(ChangeKind.UPDATE),
            removed=len(self.removed),
            unchanged=kinds.count(None),
            held=self.held,
        )

    def repeats(self) -> Sequence[Repeat]:
        """Name the lines that repeat a profile."""
        return self.repeated[:MOST_REPEATS]

    def entering(self, occurred_at: datetime, *, folding: bool, removing: bool) -> "MemoryEntering":
        """Begin to put the changes into the outbox."""
        changes = [
            change
            for change in self.changes(occurred_at)
            if removing or change.kind is not ChangeKind.REMOVE
        ]
        return MemoryEntering(self.outbox, changes, folding=folding)

    def changes(self, occurred_at: datetime) -> Iterator[ProfileChange]:
        """Yield removals, then additions and updates in the snapshot's order."""
        for identifier in self.removed:
            yield ProfileChange(
                scope=self.scope,
                identifier=identifier,
                kind=ChangeKind.REMOVE,
                occurred_at=occurred_at,
            )
        for profile, kind in self.judged:
            if kind is not None:
                yield ProfileChange(
                    scope=self.scope,
                    identifier=profile.identifier,
                    kind=kind,
                    occurred_at=occurred_at,
                    fields=profile.fields,
                    fingerprint=profile.fields.fingerprint,
                )


class MemoryEntering:
    """Puts changes into an outbox; claims none of them."""

    def __init__(
        self, outbox: MemoryOutbox, changes: Sequence[ProfileChange], *, folding: bool
    ) -> None:
        self._outbox = outbox
        self._changes = changes
        self._folding = folding

    def part(self, claiming: Claiming | None = None) -> Entered | None:
        """Put the next ones there: as many as are asked for, or all."""
        most = claiming.most_messages if claiming else len(self._changes)
        part = self._changes[:most]
        if not part:
            return None
        receipt = self._outbox.enqueue(part, folding=self._folding)
        self._changes = self._changes[most:]
        return Entered(receipt=receipt)


class MemoryLedger:
    """Fingerprints of delivered profiles in a `MemoryState`."""

    def __init__(self, state: MemoryState, outbox: MemoryOutbox) -> None:
        self._state = state
        self._outbox = outbox

    @contextmanager
    def compare(
        self, scope: Scope, profiles: Iterable[SnapshotProfile], *, mirror: bool
    ) -> Iterator[MemoryComparison]:
        """Compare a snapshot with what is held; the whole of it is kept in memory."""
        first: dict[Identifier, SnapshotProfile] = {}
        repeated: list[Repeat] = []
        for profile in profiles:
            earlier = first.setdefault(profile.identifier, profile)
            if earlier is not profile:
                repeated.append(Repeat(profile.line, earlier.line))
        with self._state.lock:
            held = self._held(scope)
        yield MemoryComparison(
            scope=scope,
            judged=[(profile, _judge(profile, held)) for profile in first.values()],
            removed=sorted(held.keys() - first.keys(), key=_by_value) if mirror else (),
            held=len(held),
            repeated=repeated,
            outbox=self._outbox,
        )

    def _held(self, scope: Scope) -> dict[Identifier, bytes | None]:
        """Overlay the ledger with the open messages."""
        held = dict(self._state.ledger[scope])
        for line in self._state.lines:
            for row in line:
                change = row.change
                if change.scope != scope or row.state is MessageState.DEAD:
                    continue
                if change.kind is ChangeKind.REMOVE:
                    held.pop(change.identifier, None)
                else:
                    held[change.identifier] = change.fingerprint
        return held

    def holds(self, scope: Scope, identifier: Identifier) -> bool:
        """Tell whether the profile was delivered into the scope and not removed since."""
        with self._state.lock:
            return identifier in self._state.ledger[scope]

    def count(self, scope: Scope) -> int:
        """Count the profiles delivered into the scope and not removed since."""
        with self._state.lock:
            return len(self._state.ledger[scope])


def _judge(profile: SnapshotProfile, held: dict[Identifier, bytes | None]) -> ChangeKind | None:
    if profile.identifier not in held:
        return ChangeKind.ADD
    same = held[profile.identifier] == profile.fields.fingerprint
    return None if same else ChangeKind.UPDATE


def _by_value(identifier: Identifier) -> tuple[str, str]:
    return identifier.type, identifier.value

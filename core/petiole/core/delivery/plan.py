"""Plan a sync: what would be added, updated and removed to make the platform hold a snapshot."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.errors import AudienceError
from petiole.core.ports.ledger import Comparison, Difference, Entering, Ledger, Repeat
from petiole.core.ports.snapshot import SnapshotProfile

MODERATE_REMOVALS = 1_000
"""Up to so many removals are never questioned."""


class SyncMode(StrEnum):
    """What an input means."""

    UPSERT = "upsert"
    """A snapshot: add and update what it holds, leave alone what it lacks."""
    MIRROR = "mirror"
    """A snapshot: the segment shall hold exactly this."""
    CHANGES = "changes"
    """A log: each row is one change."""


class Sieve(Protocol):
    """Leaves profiles out of a snapshot, as if it lacked them."""

    @property
    def count(self) -> int:
        """How many were left out so far."""
        ...

    def profiles(self, profiles: Iterable[SnapshotProfile]) -> Iterator[SnapshotProfile]:
        """Pass on the others, lazily and in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A snapshot measured against what the platform holds.

    Where rows were refused, nobody knows whose they are: then a mirror withholds its removals, so
    that a broken row never removes the profile that it stands for.
    """

    comparison: Comparison
    refusals: Refusals
    suppressed: int = 0
    """How many profiles were left out, since their mail bounced or they complained."""

    @property
    def difference(self) -> Difference:
        """The counts, as they would be carried out if nothing is withheld."""
        return self.comparison.difference()

    @property
    def repeats(self) -> Sequence[Repeat]:
        """Lines that name a profile again; the first line counts."""
        return self.comparison.repeats()

    @property
    def withheld(self) -> int:
        """How many removals are withheld because rows were refused."""
        return self.difference.removed if self.refusals.count else 0

    @property
    def numbers(self) -> Mapping[ChangeKind, int]:
        """How many changes of each kind are carried out."""
        difference = self.difference
        return {
            ChangeKind.ADD: difference.added,
            ChangeKind.UPDATE: difference.updated,
            ChangeKind.REMOVE: difference.removed - self.withheld,
        }

    def require_moderation(self) -> None:
        """Refuse to empty most of a large segment, as half an export would.

        Raises:
            AudienceError: more than half of the held profiles, and more than a thousand, would go.
        """
        difference = self.difference
        removed = difference.removed - self.withheld
        if removed > MODERATE_REMOVALS and removed * 2 > difference.held:
            raise AudienceError(
                f"this would remove {removed:,} of {difference.held:,} profiles, more than half; "
                "is the file complete? if so, add --allow-mass-removal (nothing was queued)"
            )

    def entering(self, occurred_at: datetime, *, folding: bool) -> Entering:
        """Begin to put the changes into the outbox, removals first."""
        removing = not self.refusals.count
        return self.comparison.entering(occurred_at, folding=folding, removing=removing)

    def changes(self, occurred_at: datetime) -> Iterator[ProfileChange]:
        """Yield what `entering` puts into the outbox."""
        for change in self.comparison.changes(occurred_at):
            if change.kind is ChangeKind.REMOVE and self.refusals.count:
                continue
            yield change


@contextmanager
def plan_sync(
    profiles: Iterable[SnapshotProfile],
    *,
    scope: Scope,
    ledger: Ledger,
    mirror: bool,
    refusals: Refusals,
    sieve: Sieve | None = None,
) -> Iterator[Plan]:
    """Read the whole snapshot, but for whom the sieve leaves out, and compare it.

    Nothing is enqueued yet. `refusals` are those that reading the profiles adds to.

    Raises:
        AudienceError: what reading the profiles raises.
    """
    sifted = sieve.profiles(profiles) if sieve else profiles
    with ledger.compare(scope, sifted, mirror=mirror) as comparison:
        suppressed = sieve.count if sieve else 0
        yield Plan(comparison=comparison, refusals=refusals, suppressed=suppressed)

"""What the platform holds as far as we were told, and how a snapshot differs from it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ProfileChange, Scope
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Batch
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.snapshot import SnapshotProfile


@dataclass(frozen=True, slots=True)
class Repeat:
    """A line that names a profile for the second time; the first line counts."""

    line: int
    first_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Counts of profiles: what a sync would do.

    `held` is how many the scope held, or was about to hold, before.
    """

    added: int = 0
    updated: int = 0
    removed: int = 0
    unchanged: int = 0
    held: int = 0

    @property
    def changes(self) -> int:
        """How many changes that makes."""
        return self.added + self.updated + self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A part of the changes that is in the outbox now, and those of them that were claimed."""

    receipt: EnqueueReceipt
    batches: Sequence[Batch] = ()


class Entering(Protocol):
    """Changes on their way into the outbox."""

    def part(self, claiming: Claiming | None = None) -> Entered | None:
        """Put the next ones there, as `Outbox.enqueue` does; `None` when all are there.

        With `claiming`, some of them may be claimed in the same transaction, as `Outbox.claim` does
        it with `partial`; it then takes no more than those batches hold. Of one part,
        changes of profiles that have an open one already may come last.
        """
        ...


class Comparison(Protocol):
    """A snapshot measured against the ledger and against what is already on its way."""

    def difference(self) -> Difference:
        """Count."""
        ...

    def repeats(self) -> Sequence[Repeat]:
        """Name the lines that repeat a profile, in order; at most the first thousand."""
        ...

    def entering(self, occurred_at: datetime, *, folding: bool, removing: bool) -> "Entering":
        """Begin to put the changes into the outbox of the same store, in the order of `changes`.

        Without `removing`, removals are left out.
        """
        ...

    def changes(self, occurred_at: datetime) -> Iterator[ProfileChange]:
        """Yield what turns the held into the snapshot: removals first, then in its order.

        Stays the same while the changes are being enqueued.
        """
        ...


@runtime_checkable
class Ledger(Protocol):
    """Remembers a fingerprint of each delivered profile, never its data.

    Written by `Outbox.settle` alone.
    """

    def compare(
        self, scope: Scope, profiles: Iterable[SnapshotProfile], *, mirror: bool
    ) -> AbstractContextManager[Comparison]:
        """Compare in bounded memory; entering consumes `profiles`, leaving frees them.

        A long run of them comes as a `Snapshot`, which can be taken by the page.

        A profile is held if it was delivered and not removed since, where open messages count as if
        they had been delivered already; a dead one counts as nothing. With `mirror`, held profiles
        that the snapshot lacks are removed.
        """
        ...

    def holds(self, scope: Scope, identifier: Identifier) -> bool:
        """Tell whether the profile was delivered into the scope and not removed since."""
        ...

    def count(self, scope: Scope) -> int:
        """Count the profiles delivered into the scope and not removed since."""
        ...

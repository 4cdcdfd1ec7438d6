"""Leave those out of a sync who complained, or whose mailbox is gone."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from petiole.core.domain.change import AccountName, ChangeKind, ProfileChange
from petiole.core.domain.chunking import chunked
from petiole.core.domain.engagement import EngagementKind
from petiole.core.domain.identity import Identifier
from petiole.core.ports.engagements import EngagementBooks
from petiole.core.ports.snapshot import SnapshotProfile

Item = TypeVar("Item")

CHUNK = 1_000
"""Looked up at once."""


@dataclass(slots=True)
class Suppression:
    """Passes on, lazily and in order, what concerns nobody who is suppressed; counts the rest."""

    books: EngagementBooks
    account: AccountName
    kinds: Collection[EngagementKind]
    count: int = 0

    def profiles(self, profiles: Iterable[SnapshotProfile]) -> Iterator[SnapshotProfile]:
        """Sift a snapshot; whom it then lacks, a mirror removes."""
        return self._sifted(profiles, lambda profile: profile.identifier)

    def changes(self, changes: Iterable[ProfileChange]) -> Iterator[ProfileChange]:
        """Sift a log; removals pass."""
        return self._sifted(
            changes,
            lambda change: None if change.kind is ChangeKind.REMOVE else change.identifier,
        )

    def _sifted(
        self, items: Iterable[Item], whom: Callable[[Item], Identifier | None]
    ) -> Iterator[Item]:
        return self._sift(items, whom) if self.kinds else iter(items)

    def _sift(
        self, items: Iterable[Item], whom: Callable[[Item], Identifier | None]
    ) -> Iterator[Item]:
        for chunk in chunked(items, most=CHUNK, heaviest=CHUNK, weigh=lambda _: 1):
            concerned = [whom(item) for item in chunk]
            asked = {identifier for identifier in concerned if identifier is not None}
            suppressed = self.books.suppressed(self.account, asked, self.kinds)
            for item, identifier in zip(chunk, concerned, strict=True):
                if identifier in suppressed:
                    self.count += 1
                else:
                    yield item

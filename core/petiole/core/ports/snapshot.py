"""Snapshots: the profiles of an audience as they were read, one by one or page by page."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Self

from petiole.core.domain.chunking import chunked
from petiole.core.domain.fields import Fields, fingerprint_of
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.mint import mint

PAGE_PROFILES = 1_000
PAGE_CHARACTERS = 1_000_000
"""Of JSON text in a page: the profile that brings it to that ends it."""


@dataclass(frozen=True, slots=True)
class SnapshotProfile:
    """One profile of a snapshot, and the line that it stands on."""

    line: int
    identifier: Identifier
    fields: Fields


_profile, _identifier, _fields = mint(SnapshotProfile), mint(Identifier), mint(Fields)


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Profiles in columns, which are passed on in a tenth of the time that the values would take.

    All are identified in one way; there is at least one. Measured by
    `tests/benchmarks/bench_reading.py`.
    """

    lines: Sequence[int]
    type: IdentifierType
    identifiers: Sequence[str]
    """The value of each identifier."""
    texts: Sequence[str]
    """The text of each profile's fields."""

    def fingerprints(self) -> Sequence[bytes]:
        """Make those of the fields; done by whoever asks, since who reads has more to do."""
        return list(map(fingerprint_of, self.texts))

    def profiles(self) -> Iterator[SnapshotProfile]:
        """Yield them one by one."""
        for line, value, text in zip(self.lines, self.identifiers, self.texts, strict=True):
            yield _profile(line, _identifier(self.type, value), _fields(text))


class Snapshot(Iterator[SnapshotProfile]):
    """Profiles that may be taken by the page: what was taken in one way is gone from the other."""

    def __init__(
        self, pages: Generator[SnapshotPage], *, source: Generator[object] | None = None
    ) -> None:
        """Take pages, and what is to be closed with them."""
        self.pages = pages
        self._source = source
        self._profiles = chain.from_iterable(page.profiles() for page in pages)

    @classmethod
    def of(cls, profiles: Iterable[SnapshotProfile]) -> Self:
        """Take them as they are if they have pages, else put them into pages as they come."""
        return profiles if isinstance(profiles, cls) else cls(_pages(profiles))

    def __next__(self) -> SnapshotProfile:
        return next(self._profiles)

    def close(self) -> None:
        """Read no further; needed only by those who do not take all."""
        self.pages.close()
        if self._source is not None:
            self._source.close()


def _pages(profiles: Iterable[SnapshotProfile]) -> Generator[SnapshotPage]:
    for _, alike in groupby(profiles, lambda profile: profile.identifier.type):
        for chunk in chunked(
            alike,
            most=PAGE_PROFILES,
            heaviest=PAGE_CHARACTERS,
            weigh=lambda profile: len(profile.fields.text),
        ):
            yield SnapshotPage(
                [profile.line for profile in chunk],
                chunk[0].identifier.type,
                [profile.identifier.value for profile in chunk],
                [profile.fields.text for profile in chunk],
            )

"""A snapshot against what is held, page by page."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from petiole.adapters.sqlite import held
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.held import Standing
from petiole.adapters.sqlite.profiles import BEFORE_ALL, ProfileNumber
from petiole.adapters.sqlite.staging import Staging
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.chunking import chunked
from petiole.core.domain.identity import Identifier
from petiole.core.ports.ledger import Difference, Repeat, SnapshotProfile

MOST_REPEATS = 1000
PAGE_CHARACTERS = 4_000_000
"""Of JSON text in memory at a time."""

Reading: TypeAlias = Callable[[sqlite3.Connection, Scope, ProfileNumber], held.Page]


class SqliteComparison:
    """What is to become of each profile, set aside in a `Staging`."""

    def __init__(self, database: Database, staging: Staging, scope: Scope) -> None:
        self._database = database
        self._staging = staging
        self._scope = scope
        self._repeats: list[Repeat] = []
        self._held = 0

    def read(self, profiles: Iterable[SnapshotProfile]) -> None:
        """Judge every profile at its first line."""
        for page in chunked(
            profiles,
            most=held.PAGE,
            heaviest=PAGE_CHARACTERS,
            weigh=lambda profile: len(profile.fields.text),
        ):
            fresh = self._at_first_lines(page)
            standings = self._standings(fresh)
            self._staging.add(
                (profile, _judge(profile, standings[identifier]))
                for identifier, profile in fresh.items()
            )

    def _at_first_lines(self, page: Sequence[SnapshotProfile]) -> dict[Identifier, SnapshotProfile]:
        lines = self._staging.lines({profile.identifier for profile in page})
        fresh: dict[Identifier, SnapshotProfile] = {}
        for profile in page:
            first = lines.get(profile.identifier)
            if first is None:
                lines[profile.identifier] = profile.line
                fresh[profile.identifier] = profile
            elif len(self._repeats) < MOST_REPEATS:
                self._repeats.append(Repeat(profile.line, first))
        return fresh

    def weigh(self, *, mirror: bool) -> None:
        """Count what is held and, with `mirror`, find what the snapshot lacks of it."""
        with self._database.read() as tables:
            self._held = held.count_in_ledger(tables, self._scope)
        for identifiers in self._pages(held.on_the_way):
            standings = self._standings(identifiers)
            self._held += sum(known.held - known.in_ledger for known in standings.values())
            if mirror:
                self._remove(standings)
        for identifiers in self._pages(held.delivered) if mirror else ():
            lines = self._staging.lines(identifiers)
            self._remove(self._standings([i for i in identifiers if i not in lines]))

    def _remove(self, standings: Mapping[Identifier, Standing]) -> None:
        lines = self._staging.lines(standings)
        self._staging.remove(i for i, known in standings.items() if known.held and i not in lines)

    def _standings(self, identifiers: Collection[Identifier]) -> dict[Identifier, Standing]:
        with self._database.read() as tables:
            return held.standings(tables, self._scope, identifiers)

    def _pages(self, read: Reading) -> Iterator[Sequence[Identifier]]:
        last = BEFORE_ALL
        while True:
            with self._database.read() as tables:
                page = read(tables, self._scope, last)
            if not page:
                return
            yield [identifier for _, identifier in page]
            last, _ = page[-1]

    def difference(self) -> Difference:
        """Count."""
        numbers = self._staging.count()
        return Difference(
            added=numbers[ChangeKind.ADD],
            updated=numbers[ChangeKind.UPDATE],
            removed=numbers[ChangeKind.REMOVE],
            unchanged=numbers[None],
            held=self._held,
        )

    def repeats(self) -> Sequence[Repeat]:
        """Name the lines that repeat a profile, in order; at most the first thousand."""
        return self._repeats

    def changes(self, occurred_at: datetime) -> Iterator[ProfileChange]:
        """Yield removals by identifier, then additions and updates in the snapshot's order."""
        for identifier in self._staging.removals():
            yield ProfileChange(
                scope=self._scope,
                identifier=identifier,
                kind=ChangeKind.REMOVE,
                occurred_at=occurred_at,
            )
        for identifier, kind, fields in self._staging.changes():
            yield ProfileChange(
                scope=self._scope,
                identifier=identifier,
                kind=kind,
                occurred_at=occurred_at,
                fields=fields,
                fingerprint=fields.fingerprint,
            )


def _judge(profile: SnapshotProfile, known: Standing) -> ChangeKind | None:
    if not known.held:
        return ChangeKind.ADD
    return None if known.fingerprint == profile.fields.fingerprint else ChangeKind.UPDATE

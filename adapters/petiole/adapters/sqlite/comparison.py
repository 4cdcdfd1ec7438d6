"""A snapshot against what is held, page by page."""

import sqlite3
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import TypeAlias

from petiole.adapters.sqlite import held
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.entering import SqliteEntering
from petiole.adapters.sqlite.held import Standing
from petiole.adapters.sqlite.part import Runner
from petiole.adapters.sqlite.profiles import BEFORE_ALL, ProfileNumber, key_maker
from petiole.adapters.sqlite.staging import WIDTH, Staging
from petiole.core.domain.change import ChangeKind, ProfileChange, Scope
from petiole.core.domain.identity import Identifier
from petiole.core.ports.ledger import Difference, Repeat
from petiole.core.ports.snapshot import Snapshot, SnapshotPage, SnapshotProfile

MOST_REPEATS = 1000
MOST_PAGES_AHEAD = 2

Reading: TypeAlias = Callable[[sqlite3.Connection, Scope, ProfileNumber], held.Page]


class SqliteComparison:
    """What is to become of each profile, set aside in a `Staging`."""

    def __init__(self, database: Database, staging: Staging, scope: Scope, runner: Runner) -> None:
        self._database = database
        self._staging = staging
        self._scope = scope
        self._runner = runner
        self._repeats: Sequence[Repeat] = ()
        self._held = 0
        self._difference = Difference()

    def read(self, profiles: Iterable[SnapshotProfile]) -> None:
        """Judge every profile at its first line: this thread reads on while another one writes."""
        with ThreadPoolExecutor(1, "petiole-staging") as writer:
            under_way: deque[Future[None]] = deque()
            for page in Snapshot.of(profiles).pages:
                values = self._values(page)
                under_way.append(writer.submit(self._staging.add, page.type, values))
                if len(under_way) > MOST_PAGES_AHEAD:
                    under_way.popleft().result()
            for page_written in under_way:
                page_written.result()
        self._repeats = self._staging.leave_repeats(MOST_REPEATS)

    def _values(self, page: SnapshotPage) -> Sequence[object]:
        """Lay out a page in rows, one behind the other: numbers and texts that SQLite takes."""
        key_of = key_maker(self._scope.account, page.type)
        values: list[object] = [None] * (len(page.lines) * WIDTH)
        values[0::WIDTH] = page.lines
        values[1::WIDTH] = map(key_of, page.identifiers)
        values[2::WIDTH] = page.identifiers
        values[3::WIDTH] = page.texts
        values[4::WIDTH] = page.fingerprints()
        return values

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
        self._difference = self._counted()

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
        return self._difference

    def _counted(self) -> Difference:
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

    def entering(self, occurred_at: datetime, *, folding: bool, removing: bool) -> SqliteEntering:
        """Begin to put the changes into the outbox."""
        return SqliteEntering(
            self._database,
            self._staging,
            self._scope,
            self._runner,
            occurred_at=occurred_at,
            folding=folding,
            removing=removing,
        )

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

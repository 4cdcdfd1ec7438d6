"""Read a snapshot: from the rows of an audience to pages of profiles."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import ceil

from petiole.core.delivery.reading import (
    FieldMapping,
    Keying,
    Reading,
    Refusals,
    Row,
    open_reading,
    require_columns,
)
from petiole.core.domain.identity import IdentifierType
from petiole.core.errors import IdentifierRefused
from petiole.core.ports.audience import Audience, Detachable, RefusedRow
from petiole.core.ports.read_ahead import ReadAhead
from petiole.core.ports.snapshot import PAGE_CHARACTERS, PAGE_PROFILES, Snapshot, SnapshotPage

ROWS_AT_ONCE = 50
"""So many are read together, unless rows are so long that fewer fill a page."""


@dataclass(frozen=True, slots=True)
class _Read:
    """Some rows: those that are profiles, and the others."""

    page: SnapshotPage | None
    refused: Sequence[RefusedRow]


def open_snapshot(
    audience: Audience,
    keying: Keying,
    mapping: FieldMapping,
    refusals: Refusals,
    *,
    ahead: ReadAhead | None = None,
) -> Snapshot:
    """Begin to read a snapshot; what may be read `ahead` is.

    Raises:
        AudienceError: it cannot be read, or lacks a column that is needed; later, also if rows name
            their own columns and the first lacks the key's.
    """
    require_columns(audience, [*keying.columns, *(mapping.columns or {}).values()])
    return read_snapshot(audience, keying, mapping, refusals, ahead=ahead)


def read_snapshot(
    audience: Audience,
    keying: Keying,
    mapping: FieldMapping,
    refusals: Refusals,
    *,
    ahead: ReadAhead | None = None,
) -> Snapshot:
    """Read page by page, lazily; rows without a usable identity or data are set aside."""
    read = _pages(audience, keying, mapping)
    if ahead is not None and isinstance(audience, Detachable) and audience.is_detachable:
        read = ahead(read)
    return Snapshot(_accepted(read, refusals), source=read)


def _accepted(read: Iterator[_Read], refusals: Refusals) -> Generator[SnapshotPage]:
    for some in read:
        for row in some.refused:
            refusals.add(row)
        if some.page is not None:
            yield some.page


def _pages(audience: Audience, keying: Keying, mapping: FieldMapping) -> Generator[_Read]:
    """Yield full pages, with the rows that were refused on the way."""
    reading = open_reading(audience, keying, mapping)
    draft = _Draft(keying.gives)
    while some := list(islice(reading.rows, draft.room)):
        draft.take(some, reading)
        if draft.room <= 0:
            yield draft.read()
            draft = _Draft(keying.gives, row_characters=draft.row_characters)
    yield draft.read()


@dataclass(slots=True)
class _Draft:
    """A page that fills, some rows at a time: at once, they take a quarter less time each.

    Measured by `tests/benchmarks/bench_reading.py`.
    """

    type: IdentifierType
    row_characters: int = PAGE_CHARACTERS
    """Of JSON text in each of the rows that were taken last: what to expect of the next."""
    lines: list[int] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    characters: int = 0

    @property
    def room(self) -> int:
        """How many rows may be taken at once; none if this is a page, or refused as many rows."""
        rows = PAGE_PROFILES - max(len(self.lines), len(self.refused))
        fitting = (PAGE_CHARACTERS - self.characters) / max(self.row_characters, 1)
        return min(ROWS_AT_ONCE, rows, ceil(fitting))

    def take(self, some: Sequence[tuple[int, Row] | RefusedRow], reading: Reading[Row]) -> None:
        """Read some rows, at once, or one by one if any of them is refused."""
        before = len(self.texts)
        rows = [numbered for numbered in some if not isinstance(numbered, RefusedRow)]
        if len(rows) < len(some) or self._add(rows, reading) is not None:
            for numbered in some:
                if isinstance(numbered, RefusedRow):
                    self.refused.append(numbered)
                elif (reason := self._add([numbered], reading)) is not None:
                    self.refused.append(RefusedRow(numbered[0], reason))
        taken = self.texts[before:]
        characters = sum(map(len, taken))
        self.characters += characters
        self.row_characters = characters // max(len(taken), 1)

    def _add(self, rows: Sequence[tuple[int, Row]], reading: Reading[Row]) -> str | None:
        """Add rows that can be used; tell why if one cannot, and then add none."""
        bare = [row for _, row in rows]
        try:
            values, texts = reading.values(bare), reading.texts(bare)
        except (IdentifierRefused, ValueError) as error:
            return str(error)
        self.lines += [line for line, _ in rows]
        self.values += values
        self.texts += texts
        return None

    def read(self) -> _Read:
        """End the page."""
        page = SnapshotPage(self.lines, self.type, self.values, self.texts)
        return _Read(page if self.lines else None, self.refused)

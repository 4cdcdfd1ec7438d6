"""Read a snapshot: from the rows of an audience to pages of profiles."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from petiole.core.delivery.reading import (
    FieldMapping,
    Keying,
    Refusals,
    open_reading,
    require_columns,
)
from petiole.core.errors import IdentifierRefused
from petiole.core.ports.audience import Audience, Detachable, RefusedRow
from petiole.core.ports.read_ahead import ReadAhead
from petiole.core.ports.snapshot import PAGE_CHARACTERS, PAGE_PROFILES, Snapshot, SnapshotPage

if TYPE_CHECKING:
    from petiole.core.domain.identity import Identifier


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
    identify, fields_of = reading.identify, reading.fields
    lines: list[int] = []
    identifiers: list[Identifier] = []
    texts: list[str] = []
    refused: list[RefusedRow] = []
    characters = 0
    for numbered in reading.rows:
        if isinstance(numbered, RefusedRow):
            refused.append(numbered)
        else:
            line, row = numbered
            try:
                identifier = identify(row)
                text = fields_of(row).text
            except (IdentifierRefused, ValueError) as error:
                refused.append(RefusedRow(line, str(error)))
            else:
                lines.append(line)
                identifiers.append(identifier)
                texts.append(text)
                characters += len(text)
        if len(lines) == PAGE_PROFILES or characters >= PAGE_CHARACTERS:
            yield _Read(SnapshotPage.of(lines, identifiers, texts), refused)
            lines, identifiers, texts, refused, characters = [], [], [], [], 0
        elif len(refused) == PAGE_PROFILES:
            yield _Read(None, refused)
            refused = []
    yield _Read(SnapshotPage.of(lines, identifiers, texts) if lines else None, refused)

"""Where an audience comes from: rows of named values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from petiole.core.domain.fields import JsonValue
from petiole.core.domain.mint import mint


@dataclass(frozen=True, slots=True)
class AudienceRow:
    """One row as it was read. `line` counts from 1 and is where the row begins in the source."""

    line: int
    values: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that cannot be used, and why; the reason repeats no personal data."""

    line: int
    reason: str


SourceRow: TypeAlias = AudienceRow | RefusedRow
TextRow: TypeAlias = tuple[int, Sequence[str]]
"""The line, and one cell for each column."""

_row = mint(AudienceRow)


class TextRows(Iterator[SourceRow]):
    """Rows that all have the same columns, different by name, and hold nothing but text.

    `Audience.rows` may return them, so that who reads many rows need not name every cell: `bare`
    holds the same rows, and whatever was taken from the one is gone from the other.
    """

    def __init__(self, columns: Sequence[str], bare: Iterator[TextRow | RefusedRow]) -> None:
        self.columns = columns
        self.bare = bare

    def __next__(self) -> SourceRow:
        row = next(self.bare)
        if isinstance(row, RefusedRow):
            return row
        line, cells = row
        return _row(line, dict(zip(self.columns, cells, strict=True)))


@runtime_checkable
class Audience(Protocol):
    """Rows to be read once, in order, in bounded memory."""

    @property
    def name(self) -> str:
        """What to call the source in messages."""
        ...

    def columns(self) -> Sequence[str] | None:
        """Name the columns, or `None` where each row names its own.

        Raises:
            AudienceError: the source cannot be opened, is empty or cannot be read.
        """
        ...

    def rows(self) -> Iterator[SourceRow]:
        """Read every row; one that is broken by itself is yielded as refused, and reading goes on.

        Raises:
            AudienceError: the source as a whole cannot be read on; the message names the line and
                the remedy.
        """
        ...


@runtime_checkable
class Detachable(Protocol):
    """An audience whose rows may be read by a copy of this process: nobody else takes part in it.

    A file is; rows that a program brings, or a database's cursor, are not.
    """

    @property
    def is_detachable(self) -> bool:
        """Whether that holds of this one."""
        ...

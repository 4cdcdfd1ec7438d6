"""Where an audience comes from: rows of named values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from petiole.core.domain.fields import JsonValue


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

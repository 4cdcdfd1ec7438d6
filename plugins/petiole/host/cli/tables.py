"""Tables of short texts and numbers: plain ones for a pipe, and rich ones for a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Cell: TypeAlias = "str | int | None"

_SHORT = 16
"""Cells up to so many characters are never broken."""
_GAP = "  "
_LEFT_OUT = {ord(character): None for character in "\a\b\v\f\r"}
"""What would move a cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A title, and what stands below it: whole numbers to the right, grouped by thousands."""

    title: str
    cells: Sequence[str]
    numeric: bool

    @property
    def longest(self) -> int:
        """How wide its widest cell is."""
        return max(map(_width, self.cells), default=0)

    def lines(self) -> Sequence[Sequence[str]]:
        """Give title and cells, each as its lines, all of one width."""
        texts = [text.translate(_LEFT_OUT).split("\n") for text in (self.title, *self.cells)]
        width = max(_width(line) for lines in texts for line in lines)
        return [[self._padded(line, width) for line in lines] for lines in texts]

    def _padded(self, line: str, width: int) -> str:
        room = " " * (width - _width(line))
        return room + line if self.numeric else line + room


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of the same length; prints as what `plain` and `rich` make of it."""

    columns: Sequence[Column]

    def plain(self) -> Iterator[str]:
        """Lay it out without any limit to its width, in the way that rich does."""
        columns = [column.lines() for column in self.columns]
        empty = [" " * len(lines[0][0]) for lines in columns]
        for row in zip(*columns, strict=True):
            for pieces in zip_longest(*row):
                yield _GAP.join(
                    blank if piece is None else piece
                    for piece, blank in zip(pieces, empty, strict=True)
                )

    def rich(self) -> "RichTable":
        """Make a table that folds long texts where the terminal is too narrow for it."""
        from rich.table import Table as RichTable
        from rich.text import Text

        made = RichTable(box=None, pad_edge=False, show_edge=False)
        for column in self.columns:
            made.add_column(
                column.title,
                justify="right" if column.numeric else "left",
                header_style="bold",
                overflow="fold",
                no_wrap=column.numeric or column.longest <= _SHORT,
            )
        for row in zip(*(column.cells for column in self.columns), strict=True):
            made.add_row(*map(Text, row))
        return made


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Make a table of titles and rows."""
    told = [list(row) for row in rows]
    return Table([_column(title, [row[n] for row in told]) for n, title in enumerate(columns)])


def _column(title: str, cells: Sequence[Cell]) -> Column:
    numeric = bool(cells) and all(isinstance(cell, int | None) for cell in cells)
    return Column(title=title, cells=[_text(cell) for cell in cells], numeric=numeric)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:,}" if isinstance(cell, int) else cell


def _width(line: str) -> int:
    """Tell how many places of a terminal a line takes."""
    if line.isascii():
        return len(line)
    from rich.cells import cell_len

    return cell_len(line)

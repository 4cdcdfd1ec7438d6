"""What a benchmark has to tell, and how it is printed: the same in a terminal and in a pipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap

TITLES = ("measured", "figure", "against", "ratio", "wanted", "holds")
WIDEST = (29, 18, 20, 6, 12, 5)
"""Characters; a longer cell goes on in the next line. With the gaps between them they are 100."""
TO_THE_RIGHT = (1, 3)
GAP = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measured figure, beside what it was held against in the same run."""

    what: str
    figure: str
    """With its unit: `41,200 profiles/s`."""
    against: str = ""
    """The other's name and figure: `dlt 15,100/s`."""
    ratio: float | None = None
    """How many times the other figure this one is."""
    wanted: str = ""
    """What the ratio, or else the figure, should be: `at least 3`."""
    holds: bool | None = None
    """Whether it is so; None where nothing is wanted."""


def table(lines: Sequence[Line]) -> str:
    """Lay the lines out in aligned columns of plain text, at most 100 characters wide."""
    rows = [
        [wrap(cell, widest) for cell, widest in zip(cells, WIDEST, strict=True)]
        for cells in (TITLES, *map(_cells, lines))
    ]
    widths = [
        max((len(piece) for row in rows for piece in row[column]), default=0)
        for column in range(len(TITLES))
    ]
    head, *body = (list(_laid_out(row, widths)) for row in rows)
    rule = GAP.join("-" * width for width in widths)
    return "\n".join([*head, rule, *(line for laid_out in body for line in laid_out)])


def _cells(line: Line) -> tuple[str, ...]:
    ratio = "" if line.ratio is None else f"{line.ratio:,.{2 if line.ratio < 100 else 0}f}"
    holds = "" if line.holds is None else "yes" if line.holds else "NO"
    return (line.what, line.figure, line.against, ratio, line.wanted, holds)


def _laid_out(row: Sequence[Sequence[str]], widths: Sequence[int]) -> Iterator[str]:
    for pieces in zip_longest(*row, fillvalue=""):
        yield GAP.join(
            piece.rjust(width) if column in TO_THE_RIGHT else piece.ljust(width)
            for column, (piece, width) in enumerate(zip(pieces, widths, strict=True))
        ).rstrip()

"""How commands print: one console, plain in a pipe, and JSON where it is asked for."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import Literal, TypeAlias

import rich_click as click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from petiole.core.domain.fields import JsonValue

Cell: TypeAlias = "str | int | None"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

_COLORS: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"

_SHORT = 16
"""Cells up to so many characters are never broken."""
_FOLDED = 12
"""So much room a first column needs for its names to be readable."""
_UNBOUNDED = 100_000
"""How wide a pipe is: nothing is folded or cut off for who reads it by a program."""

console = Console(highlight=False, color_system=_COLORS)
if not console.is_terminal:
    console.width = _UNBOUNDED
errors = Console(stderr=True, highlight=False, color_system=_COLORS)


def say(text: str) -> None:
    """Print a sentence; a pipe gets it on one line, a terminal between words."""
    console.print(text, markup=False, soft_wrap=not console.is_terminal)


def warn(text: str) -> None:
    """Print a sentence to standard error."""
    errors.print(text, markup=False, soft_wrap=not errors.is_terminal)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something is being done; nothing in a pipe."""
    with errors.status(escape(what)) if _lively() else nullcontext():
        yield


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, nothing in a pipe; yields what to tell the number done so far."""
    columns = (TextColumn(escape(what)), BarColumn(None), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not _lively()) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def print_json(document: Mapping[str, JsonValue] | Sequence[JsonValue]) -> None:
    """Print one document, indented, in UTF-8."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Table:
    """Make a table; whole numbers stand to the right and are grouped by thousands.

    Where it is wider than the terminal, long texts are folded; numbers and short words never are.
    """
    made = Table(box=None, pad_edge=False, show_edge=False)
    told = [list(row) for row in rows]
    for n, column in enumerate(columns):
        numeric = bool(told) and all(isinstance(row[n], int | None) for row in told)
        longest = max((len(_cell(row[n])) for row in told), default=0)
        made.add_column(
            column,
            justify="right" if numeric else "left",
            header_style="bold",
            overflow="fold",
            no_wrap=numeric or longest <= _SHORT,
        )
    for row in told:
        made.add_row(*(_cell(value) for value in row))
    return made


def fits(made: Table) -> bool:
    """Tell whether the terminal has room for a table whose first column is folded."""
    unbounded = console.options.update(width=_UNBOUNDED)
    wanted = console.measure(made, options=unbounded).maximum
    first = max((cell_len(str(cell)) for cell in made.columns[0].cells), default=0)
    return wanted - max(first - _FOLDED, 0) <= console.width


def moment(when: datetime | None) -> str | None:
    """Write a moment for machines: ISO 8601, UTC."""
    return None if when is None else when.isoformat(timespec="seconds").replace("+00:00", "Z")


def count(number: int, noun: str) -> str:
    """Write a number with its noun, such as "1 row" or "2,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _lively() -> bool:
    """Whether what moves may be shown: on a terminal, unless plain text is wanted."""
    return errors.is_terminal and _COLORS is not None


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else escape(value)

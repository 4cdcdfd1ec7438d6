"""How commands print: plain in a pipe, JSON where it is asked for, and by rich on a terminal only.

rich takes longer to load than most commands to run.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import rich_click as click

from petiole.core.domain.fields import JsonValue
from petiole.host.cli.tables import Table, table

if TYPE_CHECKING:
    from rich.console import Console

__all__ = [
    "console",
    "count",
    "errors",
    "json_option",
    "moment",
    "print_json",
    "progress_bar",
    "say",
    "table",
    "warn",
    "working",
]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")

_COLORS: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
_AS_IF_TERMINAL = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which rich takes a pipe for a terminal."""
_FOLDED = 12
"""So much room a first column needs for its names to be readable."""
_UNBOUNDED = 100_000
"""How wide a pipe is: nothing is folded or cut off for who reads it by a program."""


class Printer:
    """Prints to standard output or standard error."""

    def __init__(self, *, stderr: bool) -> None:
        self._stderr = stderr

    @cached_property
    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        stream = sys.stderr if self._stderr else sys.stdout
        may_be = stream.isatty() or any(name in os.environ for name in _AS_IF_TERMINAL)
        return may_be and self.rich.is_terminal

    @cached_property
    def rich(self) -> "Console":
        """What prints on a terminal."""
        from rich.console import Console

        made = Console(stderr=self._stderr, highlight=False, color_system=_COLORS)
        if not made.is_terminal:
            made.width = _UNBOUNDED
        return made

    @property
    def width(self) -> int:
        """Characters in a line."""
        return self.rich.width if self.is_terminal else _UNBOUNDED

    def print(self, what: str | Table) -> None:
        """Print a table, or a sentence: on a terminal broken between words, in a pipe one line."""
        if self.is_terminal:
            self.rich.print(what.rich() if isinstance(what, Table) else what, markup=False)
        else:
            self._echo(what if isinstance(what, str) else "\n".join(what.plain()))

    def print_after(self, word: str, style: str, text: str) -> None:
        """Print a sentence after a word in a style of its own, on one line."""
        if self.is_terminal:
            from rich.text import Text

            self.rich.print(Text.assemble((word, style), text), soft_wrap=True)
        else:
            self._echo(word + text)

    def has_room_for(self, made: Table) -> bool:
        """Tell whether a table fits whose first column is folded."""
        if not self.is_terminal:
            return True
        unbounded = self.rich.options.update(width=_UNBOUNDED)
        wanted = self.rich.measure(made.rich(), options=unbounded).maximum
        return wanted - max(made.columns[0].longest - _FOLDED, 0) <= self.width

    def _echo(self, text: str) -> None:
        click.echo(text, err=self._stderr)


console = Printer(stderr=False)
errors = Printer(stderr=True)


def say(text: str) -> None:
    """Print a sentence."""
    console.print(text)


def warn(text: str) -> None:
    """Print a sentence to standard error."""
    errors.print(text)


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show on a terminal that something is being done; nothing in a pipe."""
    if not _lively():
        yield
        return
    from rich.markup import escape

    with errors.rich.status(escape(what)):
        yield


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, nothing in a pipe; yields what to tell the number done so far."""
    if not _lively():
        yield lambda _: None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(escape(what)), BarColumn(None), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors.rich, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)


def print_json(document: Mapping[str, JsonValue] | Sequence[JsonValue]) -> None:
    """Print one document, indented, in UTF-8."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def moment(when: datetime | None) -> str | None:
    """Write a moment for machines: ISO 8601, UTC."""
    return None if when is None else when.isoformat(timespec="seconds").replace("+00:00", "Z")


def count(number: int, noun: str) -> str:
    """Write a number with its noun, such as "1 row" or "2,000 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _lively() -> bool:
    """Whether what moves may be shown: on a terminal, unless plain text is wanted."""
    return errors.is_terminal and _COLORS is not None

"""Rows out of CSV text."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

from petiole.adapters.files import delimiter as delimiters
from petiole.adapters.files.lines import MAX_LINE_CHARACTERS
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import RefusedRow, TextRow, TextRows

if TYPE_CHECKING:
    from _csv import Reader

_SAMPLE_LINES = 20


class CsvTable:
    """A header and its rows.

    Cells stay text, exactly as they stand; the names in the header are trimmed.
    """

    def __init__(self, lines: Iterator[str], *, name: str, delimiter: str | None) -> None:
        """Read the header, and look whether a row follows.

        Raises:
            AudienceError: no header, a column without a name, a name twice, or no row at all.
        """
        # The module's own limit, for the whole process; 128 KiB by default is too little.
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARACTERS))
        self._name = name
        head = _head(lines, name=name)
        sample = head[-1:]
        if delimiter is None:
            among = delimiters.candidates(sample[0])
            if len(among) > 1:
                sample += islice(lines, _SAMPLE_LINES)
            delimiter = delimiters.chosen(among, sample)
        self._reader = csv.reader(chain(sample, lines), delimiter=delimiter, strict=True)
        self.columns = self._header()
        self._rows = _read(self._reader, len(self.columns), skipped=len(head) - 1, name=name)
        try:
            self._first = next(self._rows)
        except StopIteration:
            raise AudienceError(f"{name} is empty: it holds a header and no rows") from None

    def rows(self) -> TextRows:
        """Yield every row once."""
        return TextRows(self.columns, chain((self._first,), self._rows))

    def _header(self) -> Sequence[str]:
        try:
            names = [cell.strip() for cell in next(self._reader)]
        except csv.Error as error:
            raise AudienceError(f"{self._name}: the header cannot be read: {error}") from error
        for number, name in enumerate(names, start=1):
            if not name:
                raise AudienceError(
                    f"{self._name}: column {number} of {len(names)} has no name; "
                    "give it one in the header"
                )
        twice = [name for name, count in Counter(names).items() if count > 1]
        if twice:
            raise AudienceError(
                f"{self._name}: the header names {', '.join(map(repr, twice))} more than once; "
                "rename one of the columns"
            )
        return tuple(names)


def _read(
    reader: "Reader", width: int, *, skipped: int, name: str
) -> Iterator[TextRow | RefusedRow]:
    """Yield the rows.

    No method, since a generator that holds the table would keep the file from being closed with it.
    """
    before = skipped + 1
    line = reader.line_num + before
    while True:
        try:
            for cells in reader:
                if len(cells) == width and cells[0]:
                    yield line, cells
                elif len(cells) != 1 and not any(cells):
                    pass  # a blank line, or nothing but delimiters, as spreadsheets end with
                elif len(cells) == width:
                    yield line, cells
                elif len(cells) > 1 or cells[0].strip():
                    told = f"the row has {_count(len(cells), 'cell')}, the header has {width}"
                    yield RefusedRow(line, told)
                line = reader.line_num + before
        except csv.Error as error:
            last = reader.line_num + skipped
            yield _refused(error, line, last, name=name)
            line = last + 1
        else:
            return


def _refused(error: csv.Error, line: int, last: int, *, name: str) -> RefusedRow:
    if "unexpected end" in str(error) or "field limit" in str(error):
        raise AudienceError(
            f'{name}, line {line}: a quoted cell (") begins in this row and does not end up to '
            f"line {last}, so that all the rows after it are lost; close the quote, or double it "
            "if it belongs to the text"
        ) from error
    span = f" (it swallowed lines {line} to {last})" if last > line else ""
    return RefusedRow(line, f'a quote (") stands where it should not{span}')


def _head(lines: Iterator[str], *, name: str) -> list[str]:
    """Return the lines up to and including the header's first."""
    head: list[str] = []
    for line in lines:
        head.append(line)
        if line.strip():
            return head
    raise AudienceError(f"{name} is empty")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""The audience port over files and pipes."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Literal, Self

from petiole.adapters.files import delimiter as delimiters
from petiole.adapters.files import encoding as encodings
from petiole.adapters.files.csv import CsvTable
from petiole.adapters.files.jsonl import JsonLines
from petiole.adapters.files.lines import text_lines
from petiole.adapters.files.magic import told_binary
from petiole.adapters.files.source import STDIN, Source
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import SourceRow


class Format(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"


_BY_SUFFIX = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".json-lines": Format.JSONL,
}


def open_audience(
    source: str | Path,
    *,
    format: Literal["csv", "jsonl"] | None = None,  # noqa: A002 - the word that users know
    delimiter: str | None = None,
    encoding: str = "utf-8",
) -> "FileAudience":
    """Take a file, or standard input for "-"; nothing is opened before the first look.

    Args:
        source: a path; anything that can be read in one go will do, such as a named pipe.
        format: told by the suffix, else by the first character, unless given.
        delimiter: of CSV; found in the header line unless given.
        encoding: any text encoding that Python knows; a byte-order mark is dropped.

    Raises:
        AudienceError: the delimiter, format or encoding makes no sense.
    """
    try:
        asked = Format(format) if format else None
    except ValueError:
        raise AudienceError(f"unknown format {format!r}; known are csv and jsonl") from None
    place = Path(source) if source != STDIN else None
    suffix = place.suffix.lower() if place else ""
    if delimiter is None and suffix == ".tsv":
        delimiter = "\t"
    return FileAudience(
        place if place is not None else STDIN,
        format=asked or _BY_SUFFIX.get(suffix),
        delimiter=None if delimiter is None else delimiters.given(delimiter),
        encoding=encodings.known(encoding),
    )


class FileAudience:
    """An audience in a file or pipe.

    It is opened at the first look, and closed when its rows were read or `close` is called.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        format: Format | None,  # noqa: A002 - as above
        delimiter: str | None,
        encoding: str,
    ) -> None:
        self._path = path
        self._format = format
        self._delimiter = delimiter
        self._encoding = encoding
        self._source: Source | None = None
        self._table: CsvTable | JsonLines | None = None
        self._taken = False

    @property
    def name(self) -> str:
        """The path, or "standard input"."""
        return "standard input" if self._path == STDIN else str(self._path)

    @property
    def is_detachable(self) -> bool:
        """Tell that an open file, or a pipe, is read on by whoever holds a copy of it."""
        return True

    def columns(self) -> Sequence[str] | None:
        """Name the columns of CSV; `None` for JSON lines, where each row names its own.

        Raises:
            AudienceError: the source cannot be opened, is empty or cannot be read.
        """
        return self._opened().columns

    def rows(self) -> Iterator[SourceRow]:
        """Read every row; callable once, since a pipe cannot be read again.

        Raises:
            AudienceError: the source cannot be opened or read on, or was read already.
        """
        if self._taken:
            raise AudienceError(f"{self.name} was read already; open it again")
        table = self._opened()
        self._taken = True
        return table.rows()

    def close(self) -> None:
        """Close the file; needed only by those who do not read all rows."""
        if self._source is not None:
            self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _opened(self) -> CsvTable | JsonLines:
        if self._table is None:
            self._source = Source.open(self._path)
            try:
                self._table = self._read_head(self._source)
            except AudienceError:
                self._source.close()
                raise
        return self._table

    def _read_head(self, source: Source) -> CsvTable | JsonLines:
        head = source.head()
        if binary := told_binary(head):
            raise AudienceError(f"{self.name} is no text: {binary}")
        marked = encodings.by_mark(head)
        if marked and not self._encoding.startswith(marked):
            raise AudienceError(
                f"{self.name} is {encodings.title(marked)}, not {encodings.title(self._encoding)}; "
                f"try --encoding {marked}"
            )
        lines = text_lines(source.blocks(), encoding=self._encoding, name=self.name)
        before: list[str] = []
        for line in lines:
            before.append(line)
            if not line.isspace():
                break
        start = before[-1].lstrip()[:1] if before else ""
        if start == "[" and self._format is not Format.CSV:
            raise AudienceError(
                f"{self.name} is one JSON array; one object a line is expected: jq -c '.[]' FILE"
            )
        lines = chain(before, lines)
        if (self._format or (Format.JSONL if start == "{" else Format.CSV)) is Format.JSONL:
            return JsonLines(lines, name=self.name)
        return CsvTable(lines, name=self.name, delimiter=self._delimiter)

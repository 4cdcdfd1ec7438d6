"""Rows of engagements into JSON lines, CSV or Parquet, a page at a time."""

import csv
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Protocol

from petiole.core.domain.engagement import StoredEngagement
from petiole.core.errors import ConfigurationError
from petiole.host.engagement_document import COLUMNS, Plain, document, line

FORMATS = ("jsonl", "csv", "parquet")

_NUMBERS = frozenset({"id", "message", "batch"})
_FLAGS = frozenset({"by_machine"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula; a link or a name may begin so."""


class Writer(Protocol):
    """Takes pages of engagements."""

    def write(self, page: Sequence[StoredEngagement]) -> None:
        """Write some; a reader of the output sees them at once, where the format lets them."""
        ...

    def close(self) -> None:
        """Write what belongs at the end."""
        ...


class JsonLines:
    """One JSON object a line."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output

    def write(self, page: Sequence[StoredEngagement]) -> None:
        """Write some."""
        self._output.write("".join(f"{line(one)}\n" for one in page).encode())
        self._output.flush()

    def close(self) -> None:
        """Nothing belongs at the end."""


class Csv:
    """RFC 4180 in UTF-8. A text that a spreadsheet would run gets an apostrophe before it."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._text = io.StringIO(newline="")
        self._rows = csv.writer(self._text)
        self._rows.writerow(COLUMNS)

    def write(self, page: Sequence[StoredEngagement]) -> None:
        """Write some."""
        for one in page:
            self._rows.writerow([_cell(value) for value in document(one).values()])
        self._flush()

    def close(self) -> None:
        """Write the header, if there was no row."""
        self._flush()

    def _flush(self) -> None:
        self._output.write(self._text.getvalue().encode())
        self._output.flush()
        self._text.seek(0)
        self._text.truncate()


class Parquet:
    """Parquet; each page is a row group."""

    def __init__(self, output: BinaryIO) -> None:
        try:
            self._arrow = import_module("pyarrow")
            parquet = import_module("pyarrow.parquet")
        except ImportError as error:
            raise ConfigurationError(
                "Parquet needs the extra: pip install 'petiole[parquet]'"
            ) from error
        numbers, flags, texts = self._arrow.int64(), self._arrow.bool_(), self._arrow.string()
        types = {**dict.fromkeys(COLUMNS, texts), **dict.fromkeys(_NUMBERS, numbers)}
        self._schema = self._arrow.schema(types | dict.fromkeys(_FLAGS, flags))
        self._file = parquet.ParquetWriter(output, self._schema)

    def write(self, page: Sequence[StoredEngagement]) -> None:
        """Write some."""
        if page:
            rows = [dict(document(one)) for one in page]
            self._file.write_table(self._arrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        """Write the footer."""
        self._file.close()


@contextmanager
def writer(format_: str, output: Path | None) -> Iterator[Writer]:
    """Open what writes a format to a file, which appears when it is whole, or to standard output.

    Raises:
        ConfigurationError: a library is missing, or the file cannot be written.
    """
    if output is None:
        made = _made(format_, sys.stdout.buffer)
        yield made
        made.close()
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        with partial.open("wb") as file:
            made = _made(format_, file)
            yield made
            made.close()
        partial.replace(output)
    except OSError as error:
        raise ConfigurationError(f"cannot write {output}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def _made(format_: str, output: BinaryIO) -> Writer:
    kinds: dict[str, Callable[[BinaryIO], Writer]] = {
        "jsonl": JsonLines,
        "csv": Csv,
        "parquet": Parquet,
    }
    return kinds[format_](output)


def _cell(value: Plain) -> str | int:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() if value.startswith(_FORMULA):
            return f"'{value}"
        case _:
            return value

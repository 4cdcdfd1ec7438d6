"""Where bytes come from, and what is told when they do not come."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from petiole.adapters.files import open_audience
from petiole.adapters.files.source import unreadable
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow


class Stdin:
    """Standard input as the interpreter has it: text on top of bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


@contextmanager
def pipe_with(content: bytes) -> Iterator[Path]:
    """A path that can be read once and not be sought."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb") as stream:
            stream.write(content)

    writer = Thread(target=write)
    writer.start()
    try:
        yield Path(f"/dev/fd/{reading}")
    finally:
        os.close(reading)
        writer.join()


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_missing_file_is_told_with_near_names(tmp_path: Path) -> None:
    (tmp_path / "Customers.csv").touch()
    (tmp_path / "unrelated.txt").touch()

    with pytest.raises(AudienceError, match=r"no such file; did you mean .*/Customers\.csv\?") as e:
        open_audience(tmp_path / "custmers.csv").columns()

    assert "unrelated" not in str(e.value)


def test_missing_file_without_near_names_is_told_plainly(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match=r"people\.csv: no such file$"):
        open_audience(tmp_path / "people.csv").columns()


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match=r"no folder .*export"):
        open_audience(tmp_path / "export" / "people.csv").columns()


def test_dangling_link_is_told(tmp_path: Path) -> None:
    link = tmp_path / "people.csv"
    link.symlink_to(tmp_path / "gone.csv")

    with pytest.raises(AudienceError, match="leads nowhere"):
        open_audience(link).columns()


def test_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match="is a directory"):
        open_audience(tmp_path).columns()


def test_missing_permission_is_told() -> None:
    path = Path("people.csv")

    error = unreadable(path, PermissionError(errno.EACCES, "Permission denied"))

    assert "no permission" in str(error)


def test_any_other_refusal_of_the_system_is_passed_on() -> None:
    error = unreadable(Path("people.csv"), OSError(errno.EMFILE, "Too many open files"))

    assert str(error) == "people.csv cannot be opened: Too many open files"


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b"id;name\n1;Jon\n"))
    audience = open_audience("-")

    columns = audience.columns()
    rows = list(audience.rows())

    assert audience.name == "standard input"
    assert columns == ("id", "name")
    assert rows == [AudienceRow(2, {"id": "1", "name": "Jon"})]


def test_standard_input_is_known_as_json_by_its_first_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", Stdin(b'\n {"id": 1}\n'))

    rows = list(open_audience("-").rows())

    assert rows == [AudienceRow(2, {"id": 1})]


def test_standard_input_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Stdin(b"id\n1\n")
    monkeypatch.setattr(sys, "stdin", stdin)

    list(open_audience("-").rows())

    assert not stdin.buffer.closed


def test_pipe_is_read_once_from_its_head_to_its_end() -> None:
    content = b"id,name\n" + b"".join(b"%d,Jon\n" % n for n in range(100_000))

    with pipe_with(content) as path:
        audience = open_audience(path)
        columns = audience.columns()
        lines = [row.line for row in audience.rows()]

    assert columns == ("id", "name")
    assert lines == list(range(2, 100_002))


def test_row_is_handed_out_while_the_pipe_is_still_being_written() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"id,note\n" + b"1," + b"x" * 600 + b"\n2,y\n")

    rows = open_audience(Path(f"/dev/fd/{reading}")).rows()
    first = next(rows)
    os.write(writing, b"3,z\n")
    os.close(writing)
    rest = list(rows)
    os.close(reading)

    assert first.line == 2
    assert [row.line for row in rest] == [3, 4]


def test_file_is_closed_when_only_the_columns_were_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"id\n1\n")
    before = open_files()

    open_audience(path).columns()

    assert open_files() == before


def test_tsv_is_cut_at_tabs_whatever_the_header_holds(tmp_path: Path) -> None:
    path = tmp_path / "people.tsv"
    path.write_bytes(b"id\tname, or so, perhaps\n1\tJon\n")

    (row,) = open_audience(path).rows()

    assert row == AudienceRow(2, {"id": "1", "name, or so, perhaps": "Jon"})


def test_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudienceError, match="known are csv and jsonl"):
        open_audience(tmp_path / "x", format="xml")  # type: ignore[arg-type]  # what a typo gives

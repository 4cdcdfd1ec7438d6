"""Bytes that are no text, or another text than was said."""

import gzip
import zipfile
from pathlib import Path

import pytest

from petiole.adapters.files import open_audience
from petiole.adapters.files.lines import MAX_LINE_CHARACTERS
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow

TEXT = "id,name\n1,Zoë\n2,Jürgen\n"


def written(folder: Path, content: bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(content)
    return path


def failure(path: Path, **options: str) -> str:
    with pytest.raises(AudienceError) as caught:
        list(open_audience(path, **options).rows())  # type: ignore[arg-type]  # options by name
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
def test_given_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, TEXT.encode(encoding))

    rows = list(open_audience(path, encoding=encoding).rows())

    assert rows == [
        AudienceRow(2, {"id": "1", "name": "Zoë"}),
        AudienceRow(3, {"id": "2", "name": "Jürgen"}),
    ]


@pytest.mark.parametrize("encoding", ["utf-7000", "rot13", "hex", ""])
def test_encoding_that_python_does_not_know_is_refused(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(AudienceError, match="is no text encoding"):
        open_audience(written(tmp_path, b"id\n1\n"), encoding=encoding)


def test_windows_1252_is_guessed_with_line_byte_and_remedy(tmp_path: Path) -> None:
    told = failure(written(tmp_path, TEXT.encode("cp1252")))

    assert "line 2: byte 5 of the line (0xEB) is not valid UTF-8" in told
    assert "--encoding cp1252" in told
    assert "Zo" not in told


def test_one_damaged_character_in_utf8_is_no_other_encoding(tmp_path: Path) -> None:
    told = failure(written(tmp_path, TEXT.encode() + b"3,Ren\xe9\n"))

    assert "line 4: byte 6" in told
    assert "--encoding" not in told
    assert "repair" in told


def test_character_cut_off_at_the_end_is_told(tmp_path: Path) -> None:
    told = failure(written(tmp_path, TEXT.encode() + b"3,Zo\xc3"))

    assert "line 4: byte 5" in told


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_text_is_known_by_its_mark(tmp_path: Path, encoding: str) -> None:
    told = failure(written(tmp_path, TEXT.encode(encoding)))

    assert f"--encoding {encoding}" in told


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_is_guessed_without_its_mark(tmp_path: Path, encoding: str) -> None:
    told = failure(written(tmp_path, b"id,name\n1,Jon\n".decode().encode(encoding)))

    assert f"--encoding {encoding}" in told


def test_nul_far_inside_is_told_with_its_line(tmp_path: Path) -> None:
    rows = b"".join(b"%d,Jon\n" % number for number in range(100_000))

    told = failure(written(tmp_path, b"id,name\n" + rows + b"x,\0\n"))

    assert "line 100002 holds a NUL byte" in told


def test_error_far_inside_is_told_with_its_line(tmp_path: Path) -> None:
    rows = b"".join(b"%d,Jon\n" % number for number in range(100_000))

    told = failure(written(tmp_path, b"id,name\n" + rows + b"x,\xff\n"))

    assert "line 100002: byte 3 of the line (0xFF)" in told


def test_gzip_is_known(tmp_path: Path) -> None:
    told = failure(written(tmp_path, gzip.compress(TEXT.encode())))

    assert "gzip-compressed" in told
    assert "gunzip -c" in told


def test_workbook_is_known(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "people.csv", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")

    told = failure(tmp_path / "people.csv")

    assert "Excel workbook" in told
    assert "save it as CSV" in told


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PAR1\x15\x04\x15", "Parquet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd"),
    ],
)
def test_other_binaries_are_named(tmp_path: Path, content: bytes, name: str) -> None:
    assert name in failure(written(tmp_path, content))


def test_header_that_spells_a_signature_is_still_text(tmp_path: Path) -> None:
    rows = list(open_audience(written(tmp_path, b"ORCHID,PAR1\n1,2\n")).rows())

    assert rows == [AudienceRow(2, {"ORCHID": "1", "PAR1": "2"})]


def test_endless_line_is_refused_and_not_swallowed(tmp_path: Path) -> None:
    path = written(tmp_path, b"id,name\n1," + b"x" * (MAX_LINE_CHARACTERS + 1_000_000) + b"\n")

    told = failure(path)

    assert "line 2 is longer than 16 MiB" in told


def test_quote_over_many_lines_is_refused_and_not_swallowed(tmp_path: Path) -> None:
    path = written(tmp_path, b'id,name\n1,"' + b"xxxxxxx\n" * (MAX_LINE_CHARACTERS // 8 + 1))

    told = failure(path)

    assert "line 2: a quoted cell" in told

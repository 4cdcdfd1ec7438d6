"""One JSON object a line."""

from pathlib import Path

import pytest

from petiole.adapters.files import open_audience
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow, RefusedRow


def written(folder: Path, content: str, *, name: str = "people.jsonl") -> Path:
    path = folder / name
    path.write_bytes(content.encode())
    return path


def test_each_row_names_its_own_columns(tmp_path: Path) -> None:
    audience = open_audience(written(tmp_path, '{"id": 1}\n{"id": 2, "name": "Eva"}\n'))

    columns = audience.columns()
    rows = list(audience.rows())

    assert columns is None
    assert rows == [AudienceRow(1, {"id": 1}), AudienceRow(2, {"id": 2, "name": "Eva"})]


def test_nested_values_pass(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "1", "orders": [{"n": 1.5, "paid": true}], "note": null}\n')

    (row,) = open_audience(path).rows()

    assert row == AudienceRow(1, {"id": "1", "orders": [{"n": 1.5, "paid": True}], "note": None})


def test_marks_blank_lines_and_crlf_do_no_harm(tmp_path: Path) -> None:
    path = written(tmp_path, '\ufeff{"id": 1}\r\n\r\n  {"id": 2}  \r\n\n')

    rows = list(open_audience(path).rows())

    assert rows == [AudienceRow(1, {"id": 1}), AudienceRow(3, {"id": 2})]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": 1', "broken JSON at character"),
        ("id,name", "broken JSON at character 1"),
        ('{"id": 1} {"id": 2}', "broken JSON at character"),
        ("[1, 2]", "this is an array"),
        ('"Jon"', "this is a text"),
        ("17", "this is a number"),
        ("null", "this is null"),
        ("true", "this is true or false"),
        ('{"id": NaN}', "NaN is no JSON value"),
        ('{"id": -Infinity}', "-Infinity is no JSON value"),
        ('{"id": 1e999}', "too large"),
        ('{"id": ' + "9" * 5000 + "}", "too many digits"),
        ('{"id": 1, "id": 2}', "twice"),
        ('{"id": "\\ud800"}', "surrogate"),
        ('{"id": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
    ],
)
def test_broken_line_is_refused_alone(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, f'{{"id": 1}}\n{line}\n{{"id": 3}}\n')

    first, refused, last = open_audience(path).rows()

    assert (first, last) == (AudienceRow(1, {"id": 1}), AudienceRow(3, {"id": 3}))
    assert isinstance(refused, RefusedRow)
    assert refused.line == 2
    assert reason in refused.reason


def test_escaped_pairs_and_letters_are_ordinary_text(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": "\\u00e9 \\ud83d\\ude00"}\n')

    (row,) = open_audience(path).rows()

    assert row == AudienceRow(1, {"id": "é 😀"})


def test_reason_repeats_no_value(tmp_path: Path) -> None:
    path = written(
        tmp_path, '{"id": 1}\n{"mail": "sanne@example.org", "x": NaN}\n{"mail": "sanne\n'
    )

    rows = list(open_audience(path).rows())

    reasons = [row.reason for row in rows if isinstance(row, RefusedRow)]
    assert len(reasons) == 2
    assert not any("sanne" in reason for reason in reasons)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_empty_input_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(AudienceError, match="is empty"):
        open_audience(written(tmp_path, content)).columns()


def test_one_big_array_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = written(tmp_path, '[\n{"id": 1},\n{"id": 2}\n]\n')

    with pytest.raises(AudienceError, match=r"one JSON array.*jq -c"):
        open_audience(path).columns()


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json-lines", "a.JSONL", "a.json", "a"])
def test_format_is_told_by_the_name_or_by_the_first_character(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, '{"id": 1}\n', name=name)

    rows = list(open_audience(path).rows())

    assert rows == [AudienceRow(1, {"id": 1})]


def test_given_format_outweighs_the_name(tmp_path: Path) -> None:
    path = written(tmp_path, '{"id": 1}\n', name="a.csv")

    rows = list(open_audience(path, format="jsonl").rows())

    assert rows == [AudienceRow(1, {"id": 1})]

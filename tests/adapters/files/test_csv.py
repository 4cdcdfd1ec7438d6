"""CSV as people and programs really write it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.files import open_audience
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import (
    Audience,
    AudienceRow,
    RefusedRow,
    SourceRow,
    TextRows,
)


def read(folder: Path, content: str | bytes, *, name: str = "people.csv") -> list[SourceRow]:
    return list(open_audience(written(folder, content, name=name)).rows())


def written(folder: Path, content: str | bytes, *, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def values(rows: list[SourceRow]) -> list[dict[str, object]]:
    assert all(isinstance(row, AudienceRow) for row in rows), rows
    return [dict(row.values) for row in rows if isinstance(row, AudienceRow)]


def refusals(rows: list[SourceRow]) -> list[RefusedRow]:
    return [row for row in rows if isinstance(row, RefusedRow)]


def test_it_satisfies_the_port(tmp_path: Path) -> None:
    audience = open_audience(tmp_path / "people.csv")

    assert isinstance(audience, Audience)


def test_header_names_the_columns(tmp_path: Path) -> None:
    with open_audience(written(tmp_path, "id, First Name ,city\n1,Jon,Rhodes\n")) as audience:
        columns = audience.columns()

    assert columns == ("id", "First Name", "city")


def test_cells_stay_as_they_stand(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,name,note\n007, Jon ,\n")

    assert rows == [AudienceRow(2, {"id": "007", "name": " Jon ", "note": ""})]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_common_delimiters_are_found(tmp_path: Path, delimiter: str) -> None:
    rows = read(tmp_path, f"id{delimiter}name\n1{delimiter}Jon\n")

    assert values(rows) == [{"id": "1", "name": "Jon"}]


def test_delimiter_within_quotes_does_not_count(tmp_path: Path) -> None:
    rows = read(tmp_path, '"id, first, second";"name, or so"\n1;Jon\n')

    assert values(rows) == [{"id, first, second": "1", "name, or so": "Jon"}]


def test_rows_decide_between_two_delimiters_in_the_header(tmp_path: Path) -> None:
    rows = read(tmp_path, "id|name, surname, title|city\n1|Jon|Rhodes\n2|Eva|Lisbon\n")

    assert values(rows)[1] == {"id": "2", "name, surname, title": "Eva", "city": "Lisbon"}


def test_given_delimiter_is_taken(tmp_path: Path) -> None:
    path = written(tmp_path, "id:name\n1:Jon, or Jonny\n")

    rows = list(open_audience(path, delimiter=":").rows())

    assert values(rows) == [{"id": "1", "name": "Jon, or Jonny"}]


@pytest.mark.parametrize("spelled", ["tab", "\\t", "\t"])
def test_tab_may_be_spelled(tmp_path: Path, spelled: str) -> None:
    path = written(tmp_path, "id\tname\n1\tJon\n")

    rows = list(open_audience(path, delimiter=spelled).rows())

    assert values(rows) == [{"id": "1", "name": "Jon"}]


@pytest.mark.parametrize("nonsense", ["", ",,", '"', "\n"])
def test_delimiter_that_cannot_be_one_is_refused(tmp_path: Path, nonsense: str) -> None:
    path = written(tmp_path, "id,name\n1,Jon\n")

    with pytest.raises(AudienceError, match="one character"):
        open_audience(path, delimiter=nonsense)


def test_single_column_is_a_table_too(tmp_path: Path) -> None:
    rows = read(tmp_path, "id\n1\n2\n")

    assert values(rows) == [{"id": "1"}, {"id": "2"}]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_understood(tmp_path: Path, ending: str) -> None:
    rows = read(tmp_path, ending.join(["id,name", "1,Jon", "2,Eva", ""]))

    assert [(row.line, dict(row.values)) for row in rows if isinstance(row, AudienceRow)] == [
        (2, {"id": "1", "name": "Jon"}),
        (3, {"id": "2", "name": "Eva"}),
    ]


def test_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    rows = read(tmp_path, b"\xef\xbb\xbfid,name\n1,Jon\n")

    assert values(rows) == [{"id": "1", "name": "Jon"}]


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks(tmp_path: Path) -> None:
    rows = read(tmp_path, 'id,note\n1,"a ""b"", c\r\nsecond line"\n2,x\n')

    assert rows == [
        AudienceRow(2, {"id": "1", "note": 'a "b", c\r\nsecond line'}),
        AudienceRow(4, {"id": "2", "note": "x"}),
    ]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_only_line_endings_end_a_row(tmp_path: Path, separator: str) -> None:
    rows = read(tmp_path, f"id,name\n1,a{separator}b\n")

    assert values(rows) == [{"id": "1", "name": f"a{separator}b"}]


def test_blank_lines_are_passed_over_and_counted(tmp_path: Path) -> None:
    rows = read(tmp_path, "\n\nid,name\n\n1,Jon\n   \n2,Eva\n\n\n")

    assert [row.line for row in rows] == [5, 7]
    assert not refusals(rows)


def test_last_line_needs_no_ending(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,name\n1,Jon")

    assert values(rows) == [{"id": "1", "name": "Jon"}]


def test_cells_may_be_larger_than_the_csv_module_expects(tmp_path: Path) -> None:
    large = "x" * 1_000_000

    rows = read(tmp_path, f'id,note\n1,"{large}"\n')

    assert values(rows) == [{"id": "1", "note": large}]


def test_row_with_another_number_of_cells_is_refused_alone(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,name\n1,Jon\n2\n3,Eva,Lisbon\n4,Ann\n")

    assert [row.line for row in rows] == [2, 3, 4, 5]
    assert refusals(rows) == [
        RefusedRow(3, "the row has 1 cell, the header has 2"),
        RefusedRow(4, "the row has 3 cells, the header has 2"),
    ]


def test_refused_row_after_a_long_cell_names_the_line_where_it_begins(tmp_path: Path) -> None:
    rows = read(tmp_path, 'id,note\n1,"a\nb\nc"\n2,"x\ny",z\n')

    assert [row.line for row in rows] == [2, 5]


def test_text_after_a_closing_quote_is_refused_with_the_lines_it_swallowed(tmp_path: Path) -> None:
    rows = read(tmp_path, 'id,note\n1,"open\n2,Jon\n3,"closed\n4,Eva\n')

    assert [row.line for row in rows] == [2, 5]
    assert "lines 2 to 4" in refusals(rows)[0].reason


def test_reason_repeats_no_cell(tmp_path: Path) -> None:
    rows = read(tmp_path, 'id,name\n1,sanne@example.org,x\n2,"Sanne" de Vries\n')

    assert len(refusals(rows)) == 2
    assert not any("anne" in row.reason for row in refusals(rows))


def test_quote_that_never_closes_ends_the_reading(tmp_path: Path) -> None:
    audience = open_audience(written(tmp_path, 'id,note\n1,x\n2,"open\n3,y\n4,z\n'))

    with pytest.raises(AudienceError, match=r"line 3.*not end\s+up to line 5.*close the quote"):
        list(audience.rows())


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty"),
        ("\n \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("id,name\n", "is empty: it holds a header and no rows"),
        ("id,name\n\n \n", "is empty: it holds a header and no rows"),
        ("id,,name\n1,2,3\n", "column 2 of 3 has no name"),
        ("id,name,\n1,2,3\n", "column 3 of 3 has no name"),
        ("id,name, id\n1,2,3\n", "'id' more than once"),
        ('"id"x,name\n1,2\n', "the header cannot be read"),
    ],
)
def test_table_that_is_none_is_refused_before_any_row(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    audience = open_audience(written(tmp_path, content))

    with pytest.raises(AudienceError, match=complaint) as caught:
        audience.columns()

    assert "people.csv" in str(caught.value)


def test_rows_are_handed_out_once(tmp_path: Path) -> None:
    audience = open_audience(written(tmp_path, "id\n1\n"))
    list(audience.rows())

    with pytest.raises(AudienceError, match="read already"):
        audience.rows()


def test_columns_are_told_again_after_the_rows(tmp_path: Path) -> None:
    audience = open_audience(written(tmp_path, "id\n1\n"))
    list(audience.rows())

    columns = audience.columns()

    assert columns == ("id",)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(
    table=st.lists(st.lists(cells, min_size=3, max_size=3).filter(any), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_is_quoted_comes_back(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str, ending: str
) -> None:
    header = delimiter.join(["a", "b", "c"])
    quoted = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table)
    content = ending.join([header, *quoted, ""])

    rows = read(tmp_path_factory.mktemp("csv"), content)

    assert [list(row.values()) for row in values(rows)] == table


def test_row_of_nothing_but_delimiters_is_blank(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,name,city\n1,Sanne,Delft\n,,\n2,Joris,\n,,\n")

    assert [row["id"] for row in values(rows)] == ["1", "2"]


def test_cells_are_handed_out_bare_to_those_who_want_them(tmp_path: Path) -> None:
    rows = open_audience(written(tmp_path, 'id,name\n1,"a\nb"\n2\n,\n"",Eva\n')).rows()

    assert isinstance(rows, TextRows)
    assert rows.columns == ("id", "name")
    assert list(rows.bare) == [
        (2, ["1", "a\nb"]),
        RefusedRow(4, "the row has 1 cell, the header has 2"),
        (6, ["", "Eva"]),
    ]


def test_empty_cell_in_quotes_is_a_row_of_a_single_column(tmp_path: Path) -> None:
    rows = read(tmp_path, 'id\n""\n\n2\n')

    assert rows == [AudienceRow(2, {"id": ""}), AudienceRow(4, {"id": "2"})]

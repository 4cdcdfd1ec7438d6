"""Rows of text are rows like any others; bare, they are the same."""

from collections.abc import Iterator

import pytest

from petiole.core.ports.audience import AudienceRow, RefusedRow, TextRow, TextRows

REFUSED = RefusedRow(3, "the row has 1 cell, the header has 2")


def bare() -> Iterator[TextRow | RefusedRow]:
    yield 2, ["1", "Gent"]
    yield REFUSED
    yield 4, ["2", ""]


def test_cells_are_named_by_the_columns() -> None:
    rows = TextRows(("id", "city"), bare())

    assert list(rows) == [
        AudienceRow(2, {"id": "1", "city": "Gent"}),
        REFUSED,
        AudienceRow(4, {"id": "2", "city": ""}),
    ]


def test_bare_rows_go_on_where_the_named_ones_stopped() -> None:
    rows = TextRows(("id", "city"), bare())

    next(rows)

    assert list(rows.bare) == [REFUSED, (4, ["2", ""])]
    assert list(rows) == []


def test_row_that_misses_a_cell_is_not_passed_on() -> None:
    rows = TextRows(("id", "city"), iter([(2, ["1"])]))

    with pytest.raises(ValueError, match="shorter"):
        next(rows)

"""Tables look the same in a pipe and on a terminal that is wide enough."""

import io
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from petiole.host.cli.tables import Cell, Table, table

TEXTS = st.sampled_from(["[bold]", ":smile:", "日本", "Köln", " a ", "one\ntwo\n"]) | st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=20
)
CELLS = st.none() | st.integers(-1_000_000, 1_000_000) | TEXTS


def by_rich(made: Table, width: int = 100_000) -> str:
    written = io.StringIO()
    console = Console(file=written, highlight=False, color_system=None, width=width)
    console.print(made.rich(), markup=False)
    return written.getvalue()


@given(st.lists(st.tuples(CELLS, TEXTS, st.integers()), min_size=1, max_size=5))
def test_plain_table_is_laid_out_as_rich_does(rows: Sequence[Sequence[Cell]]) -> None:
    made = table(["first", "sécond", "number"], rows)

    assert "\n".join([*made.plain(), ""]) == by_rich(made)


def test_numbers_stand_to_the_right_in_thousands() -> None:
    made = table(["name", "count"], [["a", 1_234_567], ["b", None], ["c", 2]])

    assert [*made.plain()] == [
        "name      count",
        "a     1,234,567",
        "b              ",
        "c             2",
    ]


def test_cell_of_several_lines_stays_in_its_column() -> None:
    made = table(["name", "text"], [["a", "one\ntwo"], ["b", "three"]])

    assert [*made.plain()] == ["name  text ", "a     one  ", "      two  ", "b     three"]


def test_what_would_move_a_cursor_is_left_out() -> None:
    made = table(["text"], [["a\rb\x0bc\a"]])

    assert [*made.plain()] == ["text", "abc "]


def test_empty_table_has_its_titles() -> None:
    assert [*table(["one", "two"], []).plain()] == ["one  two"]

"""A stream is cut by number and by weight, and nothing is lost on the way."""

from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.chunking import chunked


def cut(items: list[int], *, most: int, heaviest: int) -> list[list[int]]:
    """Cut numbers that weigh what they are."""
    return list(chunked(items, most=most, heaviest=heaviest, weigh=lambda item: item))


def test_chunk_ends_at_its_number() -> None:
    assert cut([1, 1, 1, 1, 1], most=2, heaviest=100) == [[1, 1], [1, 1], [1]]


def test_chunk_ends_with_the_item_that_makes_it_heavy() -> None:
    assert cut([1, 9, 1, 30, 1], most=5, heaviest=10) == [[1, 9], [1, 30], [1]]


def test_nothing_gives_no_chunk() -> None:
    assert cut([], most=2, heaviest=10) == []


def test_items_are_read_no_further_than_the_chunk() -> None:
    source = iter(range(10))

    next(chunked(source, most=3, heaviest=100, weigh=lambda item: item))

    assert next(source) == 3


@given(st.lists(st.integers(0, 50)), st.integers(1, 7), st.integers(1, 60))
def test_all_items_come_through_in_bounded_chunks(
    items: list[int], most: int, heaviest: int
) -> None:
    chunks = cut(items, most=most, heaviest=heaviest)

    assert [item for chunk in chunks for item in chunk] == items
    for chunk in chunks:
        assert 1 <= len(chunk) <= most
        assert sum(chunk[:-1]) < heaviest

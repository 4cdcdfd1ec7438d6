"""From rows to pages of profiles."""

from collections.abc import Generator, Iterator, Sequence

import pytest

from petiole.adapters.memory import MemoryAudience
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.delivery.snapshot import open_snapshot, read_snapshot
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import IdentifierType
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow, RefusedRow, SourceRow
from petiole.core.ports.read_ahead import Page
from petiole.core.ports.snapshot import (
    PAGE_CHARACTERS,
    PAGE_PROFILES,
    SnapshotPage,
    SnapshotProfile,
)
from tests.core.profiles import person

BY_ID = Keying(column="id", type=IdentifierType.CUSTOMER_ID)
EVERYTHING = FieldMapping()


class Stream:
    """An audience that tells how much of it was read."""

    name = "stream"

    def __init__(self, rows: Iterator[SourceRow], *, detachable: bool = False) -> None:
        self.is_detachable = detachable
        self.lines_read: list[int] = []
        self._rows = rows

    def columns(self) -> Sequence[str]:
        return ["id", "note"]

    def rows(self) -> Iterator[SourceRow]:
        for row in self._rows:
            self.lines_read.append(row.line)
            yield row


def good(line: int, note: str = "") -> AudienceRow:
    return AudienceRow(line, {"id": str(line), "note": note})


def goods(number: int, note: str = "") -> Iterator[AudienceRow]:
    return (good(line, note) for line in range(1, number + 1))


def nameless(number: int) -> Iterator[AudienceRow]:
    return (AudienceRow(line, {"id": "", "note": ""}) for line in range(1, number + 1))


def page_lines(rows: Iterator[SourceRow]) -> list[Sequence[int]]:
    pages = read_snapshot(Stream(rows), BY_ID, EVERYTHING, Refusals()).pages
    return [page.lines for page in pages]


def test_page_holds_profiles_in_columns() -> None:
    fields = Fields.of({"id": "2", "note": "hello"})
    snapshot = read_snapshot(Stream(iter([good(2, "hello")])), BY_ID, EVERYTHING, Refusals())

    [page] = snapshot.pages

    assert page == SnapshotPage([2], IdentifierType.CUSTOMER_ID, ["2"], [fields.text])
    assert list(page.profiles()) == [SnapshotProfile(2, person(2), fields)]


def test_pages_are_full_but_for_the_last() -> None:
    lines = page_lines(goods(2 * PAGE_PROFILES + 1))

    assert list(map(len, lines)) == [PAGE_PROFILES, PAGE_PROFILES, 1]
    assert [line for page in lines for line in page] == list(range(1, 2 * PAGE_PROFILES + 2))


def test_long_profiles_make_small_pages() -> None:
    lines = page_lines(goods(5, "n" * (PAGE_CHARACTERS // 2)))

    assert lines == [[1, 2], [3, 4], [5]]


def test_refused_rows_leave_pages_full() -> None:
    refusals = Refusals()
    rows = (RefusedRow(n, "broken") if n % 2 else good(n) for n in range(2 * PAGE_PROFILES + 1))

    pages = list(read_snapshot(Stream(rows), BY_ID, EVERYTHING, refusals).pages)

    assert [len(page.lines) for page in pages] == [PAGE_PROFILES, 1]
    assert refusals.count == PAGE_PROFILES


def test_rows_are_refused_in_their_order_whoever_refuses_them() -> None:
    refusals = Refusals()
    lone = AudienceRow(4, {"id": "4", "note": "\ud800"})
    rows: list[SourceRow] = [good(1), RefusedRow(2, "broken"), *nameless(1), lone, good(5)]

    [page] = read_snapshot(Stream(iter(rows)), BY_ID, EVERYTHING, refusals).pages

    assert page.lines == [1, 5]
    assert [row.line for row in refusals.kept] == [2, 1, 4]
    assert [profile.identifier for profile in page.profiles()] == [person(1), person(5)]


def test_refused_rows_are_told_while_the_rest_is_read() -> None:
    audience, refusals = Stream(nameless(PAGE_PROFILES + 1)), Refusals()
    lines_read: list[int] = []
    refusals.on_refusal = lambda _: lines_read.append(audience.lines_read[-1])

    assert list(read_snapshot(audience, BY_ID, EVERYTHING, refusals).pages) == []
    assert lines_read == [PAGE_PROFILES] * PAGE_PROFILES + [PAGE_PROFILES + 1]


def test_page_is_handed_out_before_the_next_one_is_read() -> None:
    audience = Stream(goods(2 * PAGE_PROFILES))

    profile = next(read_snapshot(audience, BY_ID, EVERYTHING, Refusals()))

    assert profile.line == 1
    assert audience.lines_read == list(range(1, PAGE_PROFILES + 1))


def test_nothing_is_read_before_the_first_profile_is_asked_for() -> None:
    snapshot = read_snapshot(MemoryAudience([]), BY_ID, EVERYTHING, Refusals())

    with pytest.raises(AudienceError, match="empty"):
        next(snapshot)


@pytest.mark.parametrize(
    ("audience", "pages_ahead"),
    [
        (Stream(iter([good(1), RefusedRow(2, "broken")]), detachable=True), 1),
        (Stream(iter([good(1), RefusedRow(2, "broken")]), detachable=False), 0),
        (MemoryAudience([{"id": "1", "note": ""}, RefusedRow(2, "broken")]), 0),
    ],
    ids=["detachable", "not detachable", "says nothing of it"],
)
def test_only_a_detachable_audience_is_read_ahead(
    audience: Stream | MemoryAudience, pages_ahead: int
) -> None:
    passed = 0

    def ahead(pages: Iterator[Page], /) -> Generator[Page]:
        nonlocal passed
        for page in pages:
            passed += 1
            yield page

    refusals = Refusals()
    snapshot = open_snapshot(audience, BY_ID, EVERYTHING, refusals, ahead=ahead)

    assert [profile.identifier for profile in snapshot] == [person(1)]
    assert refusals.kept == [RefusedRow(2, "broken")]
    assert passed == pages_ahead

"""Profiles one by one, and by the page."""

from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.ports.snapshot import (
    PAGE_CHARACTERS,
    PAGE_PROFILES,
    Snapshot,
    SnapshotProfile,
)
from tests.core.profiles import person

HASHED = Identifier(IdentifierType.HASHED_EMAIL, "a" * 63 + "b")
GENT = Fields.of({"city": "Gent"})


def profiles(number: int, fields: Fields = GENT) -> list[SnapshotProfile]:
    return [SnapshotProfile(line, person(line), fields) for line in range(number)]


def test_profiles_come_out_of_pages_as_they_went_in() -> None:
    given = [*profiles(3), SnapshotProfile(3, HASHED, Fields()), *profiles(PAGE_PROFILES + 2)]

    assert list(Snapshot.of(given)) == given
    pages = list(Snapshot.of(given).pages)
    assert [len(page.lines) for page in pages] == [3, 1, PAGE_PROFILES, 2]
    assert [profile for page in pages for profile in page.profiles()] == given


def test_page_knows_the_fingerprints() -> None:
    [page] = Snapshot.of(profiles(2)).pages

    assert page.fingerprints() == [GENT.fingerprint, GENT.fingerprint]


def test_long_profiles_make_small_pages() -> None:
    long = Fields.of({"note": "n" * PAGE_CHARACTERS})

    assert [page.lines for page in Snapshot.of(profiles(2, long)).pages] == [[0], [1]]


def test_what_was_taken_is_gone_from_the_pages() -> None:
    snapshot = Snapshot.of(profiles(PAGE_PROFILES + 2))

    assert next(snapshot).line == 0
    assert [page.lines for page in snapshot.pages] == [[PAGE_PROFILES, PAGE_PROFILES + 1]]


def test_who_closes_a_snapshot_reads_no_further() -> None:
    snapshot = Snapshot.of(profiles(PAGE_PROFILES + 2))
    assert next(snapshot).line == 0

    snapshot.close()

    assert list(snapshot.pages) == []
    assert len(list(snapshot)) == PAGE_PROFILES - 1


def test_pages_are_kept_as_they_are() -> None:
    snapshot = Snapshot.of(profiles(1))

    assert Snapshot.of(snapshot) is snapshot

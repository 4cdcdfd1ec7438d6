"""A file of the fourth schema: each profile keeps its number, and is found by the key it had."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.profiles import key_of
from petiole.testing.changes import change, person, scope
from tests.adapters.sqlite.older import older_file
from tests.contracts.stores import refuse_loose_ends

NUMBERS = {7: 3, 8: 1, 9: 12}
"""Of three customers, the numbers of their profiles, which do not ascend as their keys do."""


@pytest.fixture
def old(path: Path) -> Path:
    """Make a file as the release before left it."""
    account = scope().account
    with older_file(path, before="0005") as connection:
        for who, number in ((person(customer), number) for customer, number in NUMBERS.items()):
            profile = (number, key_of(account, who), account, who.type, who.value)
            connection.execute("INSERT INTO profile VALUES (?, ?, ?, ?, ?)", profile)
    return path


def profiles(path: Path) -> dict[int, int]:
    """Read the number of each customer's profile, by its key."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            int(identifier): number
            for number, identifier, account, key in connection.execute(
                "SELECT id, identifier, account, key FROM profile_key"
                " JOIN profile ON profile.id = profile_key.profile"
            )
            if key == key_of(account, person(int(identifier)))
        }


def test_profiles_keep_their_numbers_and_keys(old: Path) -> None:
    open_database(old).close()

    assert profiles(old) == NUMBERS
    refuse_loose_ends(old)


def test_known_profiles_are_found_and_new_ones_follow_the_last(
    old: Path, clock: FrozenClock
) -> None:
    with open_store(old, clock=clock) as store:
        store.outbox.enqueue([change(8), change(10)], folding=True)

    assert profiles(old) == NUMBERS | {10: 13}
    refuse_loose_ends(old)

"""Profiles by number: each profile of an account gets one when it is first heard of.

It keeps it for good: nothing that refers to a number asks again whose it is.
"""

import json
import sqlite3
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import count
from typing import NewType, cast

from petiole.core.domain.change import AccountName, ProfileChange
from petiole.core.domain.identity import Identifier, IdentifierType

ProfileKey = NewType("ProfileKey", str)
"""A profile's identity on an account in 16 characters."""
ProfileNumber = NewType("ProfileNumber", int)
"""Ascending as profiles come."""

BEFORE_ALL = ProfileNumber(0)
_KEY_BYTES = 12

_KNOWN = """
SELECT profile_key.key, profile FROM json_each(?) AS asked
CROSS JOIN profile_key ON profile_key.key = asked.value
"""
_LAST = "SELECT coalesce(max(id), 0) FROM profile"
_ADD = "INSERT INTO profile (id, account, identifier_type, identifier) VALUES (?, ?, ?, ?)"
_ADD_KEY = "INSERT INTO profile_key (key, profile) VALUES (?, ?)"


def key_of(account: AccountName, identifier: Identifier) -> ProfileKey:
    """Shorten account and identifier to 96 bits (BLAKE2b): no two of 10 million share them.

    An index of these is a quarter of one of the identifiers themselves, and stays in memory.
    """
    return key_maker(account, identifier.type)(identifier.value)


@lru_cache(maxsize=64)
def key_maker(account: AccountName, type_: IdentifierType) -> Callable[[str], ProfileKey]:
    """Make what shortens identifiers of one type on one account."""
    before = blake2b(f"{account}\n{type_}\n".encode(), digest_size=_KEY_BYTES)

    def key(value: str) -> ProfileKey:
        whole = before.copy()
        whole.update(value.encode())
        return cast("ProfileKey", b2a_base64(whole.digest(), newline=False).decode())

    return key


def numbered(
    connection: sqlite3.Connection, changes: Sequence[ProfileChange]
) -> Sequence[ProfileNumber]:
    """Tell the number of each change's profile, in the order of the changes; adds new profiles."""
    return _numbered(connection, [(change.scope.account, change.identifier) for change in changes])


def numbered_identifiers(
    connection: sqlite3.Connection, account: AccountName, identifiers: Sequence[Identifier]
) -> Sequence[ProfileNumber]:
    """Tell the number of each profile of an account, in order; adds new profiles."""
    return _numbered(connection, [(account, identifier) for identifier in identifiers])


def newest_profile(connection: sqlite3.Connection) -> ProfileNumber:
    """Tell the number of the newest profile; those that are added follow it one by one."""
    [(number,)] = connection.execute(_LAST).fetchall()
    return ProfileNumber(number)


def _numbered(
    connection: sqlite3.Connection, profiles: Sequence[tuple[AccountName, Identifier]]
) -> Sequence[ProfileNumber]:
    keys = [key_of(account, identifier) for account, identifier in profiles]
    known = {
        ProfileKey(key): ProfileNumber(number)
        for key, number in connection.execute(_KNOWN, (json.dumps(keys),))
    }
    numbers = count(newest_profile(connection) + 1)
    added, keyed = [], []
    for key, (account, identifier) in zip(keys, profiles, strict=True):
        if key not in known:
            known[key] = number = ProfileNumber(next(numbers))
            added.append((number, account, str(identifier.type), identifier.value))
            keyed.append((key, number))
    connection.executemany(_ADD, added)
    connection.executemany(_ADD_KEY, keyed)
    return [known[key] for key in keys]

"""What a scope holds if open messages count as delivered: the ledger, overlaid with the lines."""

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from petiole.adapters.sqlite.profiles import ProfileNumber, key_of
from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId

PAGE = 1000
"""Profiles looked at in one go, so that neither memory nor a read transaction grows."""

_JOINED = """
LEFT JOIN ledger AS known
    ON known.connection = :connection AND known.segment = :segment
    AND known.profile = profile_key.profile
LEFT JOIN message AS front INDEXED BY message_head
    ON front.profile = profile_key.profile AND front.head = 1
LEFT JOIN message AS last ON last.id = coalesce(
    (
        SELECT behind.id FROM message AS behind INDEXED BY message_behind
        WHERE behind.profile = front.profile AND behind.head = 0 AND behind.state <> 'dead'
            AND behind.connection = :connection AND behind.segment = :segment
        ORDER BY behind.id DESC LIMIT 1
    ),
    iif(
        front.connection = :connection AND front.segment = :segment AND front.state <> 'dead',
        front.id, NULL
    )
)
"""
_HELD = "iif(last.id IS NULL, known.profile IS NOT NULL, last.kind <> 'remove')"
_FINGERPRINT = "iif(last.id IS NULL, known.fingerprint, last.fingerprint)"
_STANDINGS = f"""
SELECT profile_key.key, known.profile IS NOT NULL, {_HELD}, {_FINGERPRINT}
FROM json_each(:keys) AS asked
CROSS JOIN profile_key ON profile_key.key = asked.value
{_JOINED}
"""  # noqa: S608 - made of constants
_JOINED_IN_SCOPE = re.sub(r":(\w+)", r"(SELECT \1 FROM scope)", _JOINED)
JUDGED = f"""
SELECT page.*, CASE
    WHEN NOT {_HELD} THEN 'add' WHEN {_FINGERPRINT} IS page.fingerprint THEN NULL ELSE 'update'
END AS kind
FROM page
LEFT JOIN profile_key ON profile_key.key = page.key
{_JOINED_IN_SCOPE}
"""  # noqa: S608 - made of constants
"""Each row of a `page` with a key and a fingerprint, and what is to become of its profile in a
`scope`, of one row: a connection and a segment. What stands before `page` would make SQLite copy
it."""
_LAST_BEFORE = """
SELECT coalesce(
    (
        SELECT kind FROM message INDEXED BY message_behind
        WHERE profile = :profile AND head = 0 AND state <> 'dead'
            AND connection = :connection AND segment = :segment AND id < :before
        ORDER BY id DESC LIMIT 1
    ),
    (
        SELECT kind FROM message INDEXED BY message_head
        WHERE profile = :profile AND head = 1 AND state <> 'dead'
            AND connection = :connection AND segment = :segment AND id < :before
    )
)
"""
_ENTERED = """
SELECT 1 FROM ledger
WHERE connection = :connection AND segment = :segment AND profile = :profile
"""
_IN_LEDGER = """
SELECT 1 FROM profile_key
JOIN ledger ON connection = :connection AND segment = :segment
    AND ledger.profile = profile_key.profile
WHERE key = :key
"""
_COUNT = "SELECT count(*) FROM ledger WHERE connection = :connection AND segment = :segment"
_DELIVERED = """
SELECT profile.id, identifier_type, identifier FROM ledger
CROSS JOIN profile ON profile.id = ledger.profile
WHERE ledger.connection = :connection AND ledger.segment = :segment AND ledger.profile > :after
ORDER BY ledger.profile LIMIT :page
"""
_ON_THE_WAY = """
SELECT profile.id, identifier_type, identifier FROM message INDEXED BY message_head
CROSS JOIN profile ON profile.id = message.profile AND profile.account = :account
WHERE message.head = 1 AND message.profile > :after ORDER BY message.profile LIMIT :page
"""

Page: TypeAlias = Sequence[tuple[ProfileNumber, Identifier]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One profile in a scope: in the ledger, and held once everything open is delivered."""

    in_ledger: bool
    held: bool
    fingerprint: bytes | None


NOWHERE = Standing(in_ledger=False, held=False, fingerprint=None)


def standings(
    connection: sqlite3.Connection, scope: Scope, identifiers: Iterable[Identifier]
) -> dict[Identifier, Standing]:
    """Tell where profiles stand, a page of them at a time; never heard of, they stand nowhere."""
    keys = {key_of(scope.account, identifier): identifier for identifier in identifiers}
    found = dict.fromkeys(keys.values(), NOWHERE)
    asked = named(scope) | {"keys": json.dumps(list(keys))}
    for key, in_ledger, held, fingerprint in connection.execute(_STANDINGS, asked):
        found[keys[key]] = Standing(bool(in_ledger), bool(held), fingerprint)
    return found


def is_held_before(
    connection: sqlite3.Connection, scope: Scope, profile: ProfileNumber, before: MessageId
) -> bool:
    """Tell whether the scope holds a profile at the moment when that message gets its turn."""
    names = named(scope) | {"profile": profile, "before": before}
    [kind] = connection.execute(_LAST_BEFORE, names).fetchone()
    if kind is not None:
        return bool(kind != ChangeKind.REMOVE)
    return connection.execute(_ENTERED, names).fetchone() is not None


def is_in_ledger(connection: sqlite3.Connection, scope: Scope, identifier: Identifier) -> bool:
    """Tell whether the profile was delivered into the scope and not removed since."""
    names = named(scope) | {"key": key_of(scope.account, identifier)}
    return connection.execute(_IN_LEDGER, names).fetchone() is not None


def count_in_ledger(connection: sqlite3.Connection, scope: Scope) -> int:
    """Count the profiles delivered into the scope and not removed since."""
    [number] = connection.execute(_COUNT, named(scope)).fetchone()
    return int(number)


def delivered(connection: sqlite3.Connection, scope: Scope, after: ProfileNumber) -> Page:
    """Read a page of the scope's ledger."""
    return _page(connection, _DELIVERED, scope, after)


def on_the_way(connection: sqlite3.Connection, scope: Scope, after: ProfileNumber) -> Page:
    """Read a page of the profiles with anything open on the scope's account."""
    return _page(connection, _ON_THE_WAY, scope, after)


def _page(connection: sqlite3.Connection, sql: str, scope: Scope, after: ProfileNumber) -> Page:
    rows = connection.execute(sql, named(scope) | {"after": after, "page": PAGE})
    return [
        (ProfileNumber(number), Identifier(IdentifierType(type_), value))
        for number, type_, value in rows
    ]


def named(scope: Scope) -> dict[str, str | int]:
    """Name the parts of a scope, as statements ask for them."""
    return {
        "account": scope.account,
        "connection": scope.connection,
        "segment": scope.segment,
    }

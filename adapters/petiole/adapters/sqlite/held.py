"""What a scope holds if open messages count as delivered: the ledger, overlaid with the lines."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId

PAGE = 1000
"""Profiles looked at in one go, so that neither memory nor a read transaction grows."""

_STANDINGS = """
SELECT
    asked.value,
    known.identifier IS NOT NULL,
    iif(last.id IS NULL, known.identifier IS NOT NULL, last.kind <> 'remove'),
    iif(last.id IS NULL, known.fingerprint, last.fingerprint)
FROM json_each(:identifiers) AS asked
LEFT JOIN ledger AS known
    ON known.connection = :connection AND known.segment = :segment
    AND known.identifier_type = :type AND known.identifier = asked.value
LEFT JOIN message AS front INDEXED BY message_head
    ON front.account = :account AND front.identifier_type = :type
    AND front.identifier = asked.value AND front.head = 1
LEFT JOIN message AS last ON last.id = coalesce(
    (
        SELECT behind.id FROM message AS behind INDEXED BY message_behind
        WHERE behind.account = front.account AND behind.identifier_type = front.identifier_type
            AND behind.identifier = front.identifier
            AND behind.state = 'pending' AND behind.head = 0
            AND behind.connection = :connection AND behind.segment = :segment
        ORDER BY behind.id DESC LIMIT 1
    ),
    iif(front.connection = :connection AND front.segment = :segment, front.id, NULL)
)
"""
_LAST_BEFORE = """
SELECT kind FROM (
    SELECT * FROM (
        SELECT id, kind FROM message INDEXED BY message_behind
        WHERE account = :account AND identifier_type = :type AND identifier = :identifier
            AND state = 'pending' AND head = 0
            AND connection = :connection AND segment = :segment AND id < :before
        ORDER BY id DESC LIMIT 1
    )
    UNION ALL
    SELECT id, kind FROM message INDEXED BY message_head
    WHERE account = :account AND identifier_type = :type AND identifier = :identifier AND head = 1
        AND connection = :connection AND segment = :segment AND id < :before
) ORDER BY id DESC LIMIT 1
"""
_IN_LEDGER = """
SELECT 1 FROM ledger
WHERE connection = :connection AND segment = :segment
    AND identifier_type = :type AND identifier = :identifier
"""
_COUNT = "SELECT count(*) FROM ledger WHERE connection = :connection AND segment = :segment"
_DELIVERED = """
SELECT identifier_type, identifier FROM ledger
WHERE connection = :connection AND segment = :segment
    AND (identifier_type, identifier) > (:type, :identifier)
ORDER BY identifier_type, identifier LIMIT :page
"""
_ON_THE_WAY = """
SELECT identifier_type, identifier FROM message INDEXED BY message_head
WHERE account = :account AND head = 1 AND (identifier_type, identifier) > (:type, :identifier)
ORDER BY identifier_type, identifier LIMIT :page
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One profile in a scope: in the ledger, and held once everything open is delivered."""

    in_ledger: bool
    held: bool
    fingerprint: bytes | None


def standings(
    connection: sqlite3.Connection, scope: Scope, identifiers: Collection[Identifier]
) -> dict[Identifier, Standing]:
    """Tell where profiles stand; a page of them at a time."""
    found: dict[Identifier, Standing] = {}
    for type_ in {identifier.type for identifier in identifiers}:
        asked = [identifier.value for identifier in identifiers if identifier.type is type_]
        rows = connection.execute(
            _STANDINGS, _named(scope) | {"type": type_.value, "identifiers": json.dumps(asked)}
        )
        for value, in_ledger, held, fingerprint in rows:
            found[Identifier(type_, value)] = Standing(bool(in_ledger), bool(held), fingerprint)
    return found


def is_held_before(
    connection: sqlite3.Connection, scope: Scope, identifier: Identifier, before: MessageId
) -> bool:
    """Tell whether the scope holds a profile at the moment when that message gets its turn."""
    names = _named(scope) | {
        "type": identifier.type.value,
        "identifier": identifier.value,
        "before": before,
    }
    last = connection.execute(_LAST_BEFORE, names).fetchone()
    if last is not None:
        return bool(last[0] != ChangeKind.REMOVE)
    return connection.execute(_IN_LEDGER, names).fetchone() is not None


def is_in_ledger(connection: sqlite3.Connection, scope: Scope, identifier: Identifier) -> bool:
    """Tell whether the profile was delivered into the scope and not removed since."""
    names = _named(scope) | {"type": identifier.type.value, "identifier": identifier.value}
    return connection.execute(_IN_LEDGER, names).fetchone() is not None


def count_in_ledger(connection: sqlite3.Connection, scope: Scope) -> int:
    """Count the profiles delivered into the scope and not removed since."""
    [number] = connection.execute(_COUNT, _named(scope)).fetchone()
    return int(number)


def delivered_after(
    connection: sqlite3.Connection, scope: Scope, last: Identifier | None
) -> Sequence[Identifier]:
    """Turn to the next page of the scope's ledger."""
    return _page(connection, _DELIVERED, scope, last)


def on_the_way_after(
    connection: sqlite3.Connection, scope: Scope, last: Identifier | None
) -> Sequence[Identifier]:
    """Turn to the next page of profiles with anything open on the scope's account."""
    return _page(connection, _ON_THE_WAY, scope, last)


def _page(
    connection: sqlite3.Connection, sql: str, scope: Scope, last: Identifier | None
) -> Sequence[Identifier]:
    after = {"type": last.type.value, "identifier": last.value} if last else _FIRST
    rows = connection.execute(sql, _named(scope) | after | {"page": PAGE})
    return [Identifier(IdentifierType(type_), value) for type_, value in rows]


_FIRST = {"type": "", "identifier": ""}


def _named(scope: Scope) -> dict[str, str | int]:
    return {
        "account": scope.account,
        "connection": scope.connection,
        "segment": scope.segment,
    }

"""Letters, dead or parked: found by what selects them, listed and counted by cause."""

import json
import sqlite3
from collections.abc import Iterator, Sequence

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.instants import from_micros
from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.dead_letter import DeadLetter, LetterGroup, LetterSelection
from petiole.core.domain.failure import FailureFingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId, MessageState

_NEWEST = """
SELECT message.id, connection, segment, identifier_type, identifier, kind, state, code, reason,
    failure, attempts, enqueued_at, settled_at, fields, edit
FROM message INDEXED BY letter_age CROSS JOIN profile ON profile.id = message.profile
CROSS JOIN content ON content.message = message.id
WHERE connection = :connection AND state = :state AND failure IS NOT NULL
    AND (:code IS NULL OR code = :code) AND (:failure IS NULL OR failure = :failure)
ORDER BY settled_at DESC, message.id DESC LIMIT :most
"""
_NAMED = """
SELECT message.id, connection, segment, identifier_type, identifier, kind, state, code, reason,
    failure, attempts, enqueued_at, settled_at, fields, edit
FROM json_each(:ids) AS asked CROSS JOIN message ON message.id = asked.value
CROSS JOIN profile ON profile.id = message.profile
CROSS JOIN content ON content.message = message.id
WHERE state = :state AND failure IS NOT NULL
    AND (:code IS NULL OR code = :code) AND (:failure IS NULL OR failure = :failure)
"""
_OLDEST = """
SELECT id, connection FROM message INDEXED BY letter
WHERE connection = :connection AND state = :state AND failure IS NOT NULL AND id > :after
    AND (:code IS NULL OR code = :code) AND (:failure IS NULL OR failure = :failure)
ORDER BY id LIMIT :most
"""
_OLDEST_NAMED = """
SELECT message.id, connection FROM json_each(:ids) AS asked
CROSS JOIN message ON message.id = asked.value
WHERE state = :state AND failure IS NOT NULL AND message.id > :after
    AND (:code IS NULL OR code = :code) AND (:failure IS NULL OR failure = :failure)
"""
_CAUSES = """
SELECT code, failure, count(*), min(settled_at), max(settled_at)
FROM message INDEXED BY letter_cause
WHERE connection = :connection AND state = :state AND failure IS NOT NULL
    AND (:code IS NULL OR code = :code) AND (:failure IS NULL OR failure = :failure)
GROUP BY failure, code
"""
_LAST_REASON = """
SELECT id, reason FROM message INDEXED BY letter_cause
WHERE connection = ? AND state = ? AND failure = ? AND code = ? AND settled_at = ?
ORDER BY id DESC LIMIT 1
"""


def newest(
    connection: sqlite3.Connection, selection: LetterSelection, most: int
) -> Sequence[DeadLetter]:
    """List letters, the newest first."""
    terms = _terms(selection) | {"most": most}
    if selection.ids:
        found = [_letter(row) for row in connection.execute(_NAMED, terms)]
        found = [letter for letter in found if _is_meant(letter.connection, selection)]
    else:
        found = [
            _letter(row)
            for name in _connections(connection, selection)
            for row in connection.execute(_NEWEST, terms | {"connection": name})
        ]
    return sorted(found, key=lambda letter: (letter.at, letter.id), reverse=True)[:most]


def oldest(
    connection: sqlite3.Connection, selection: LetterSelection, after: MessageId | None, most: int
) -> Sequence[tuple[MessageId, ConnectionName]]:
    """Name the first letters beyond one of them, by id, and their connections."""
    terms = _terms(selection) | {"most": most, "after": after or 0}
    if selection.ids:
        named = connection.execute(_OLDEST_NAMED, terms)
        found = [(id_, name) for id_, name in named if _is_meant(name, selection)]
    else:
        found = [
            pair
            for name in _connections(connection, selection)
            for pair in connection.execute(_OLDEST, terms | {"connection": name})
        ]
    return sorted(found)[:most]


def groups(connection: sqlite3.Connection, selection: LetterSelection) -> Sequence[LetterGroup]:
    """Count letters by connection and cause, the largest group first, then the newest."""
    if selection.ids:
        named = newest(connection, selection, len(selection.ids))
        return _summed_up(named)
    found: list[tuple[int, int, int, LetterGroup]] = []
    for name in _connections(connection, selection):
        terms = _terms(selection) | {"connection": name}
        for code, failure, number, first_at, last_at in connection.execute(_CAUSES, terms):
            cause = (name, selection.state, failure, code, last_at)
            last_id, reason = connection.execute(_LAST_REASON, cause).fetchone()
            group = LetterGroup(
                connection=name,
                code=code,
                failure=FailureFingerprint(failure),
                reason=reason,
                letters=number,
                first_at=from_micros(first_at),
                last_at=from_micros(last_at),
            )
            found.append((number, last_at, last_id, group))
    return [group for *_, group in sorted(found, key=lambda told: told[:3], reverse=True)]


def _summed_up(letters: Sequence[DeadLetter]) -> Sequence[LetterGroup]:
    """Count a few letters, the newest first, that were read already."""
    alike: dict[tuple[str, str, str], list[DeadLetter]] = {}
    for letter in letters:
        alike.setdefault((letter.connection, letter.code, letter.failure), []).append(letter)
    summed = [
        LetterGroup(
            connection=same[0].connection,
            code=same[0].code,
            failure=same[0].failure,
            reason=same[0].reason,
            letters=len(same),
            first_at=same[-1].at,
            last_at=same[0].at,
        )
        for same in alike.values()
    ]
    return sorted(summed, key=lambda group: -group.letters)


def _connections(
    connection: sqlite3.Connection, selection: LetterSelection
) -> Iterator[ConnectionName]:
    return iter(sorted(set(selection.connections)) or sums.names(connection))


def _is_meant(name: ConnectionName, selection: LetterSelection) -> bool:
    return not selection.connections or name in selection.connections


def _terms(selection: LetterSelection) -> dict[str, str | int | None]:
    return {
        "state": str(selection.state),
        "ids": json.dumps(sorted(set(selection.ids))),
        "code": selection.code,
        "failure": selection.failure,
    }


def _letter(
    row: tuple[int, str, str, str, str, str, str, str, str, str, int, int, int, str, str | None],
) -> DeadLetter:
    (
        id_,
        connection,
        segment,
        type_,
        identifier,
        kind,
        state,
        code,
        reason,
        failure,
        attempts,
        enqueued_at,
        settled_at,
        fields,
        edit,
    ) = row
    return DeadLetter(
        id=MessageId(id_),
        connection=ConnectionName(connection),
        segment=SegmentId(segment),
        identifier=Identifier(IdentifierType(type_), identifier),
        kind=ChangeKind(kind),
        state=MessageState(state),
        code=code,
        reason=reason,
        failure=FailureFingerprint(failure),
        attempts=attempts,
        enqueued_at=from_micros(enqueued_at),
        at=from_micros(settled_at),
        fields=Fields(fields),
        edit=None if edit is None else Fields(edit),
    )

"""Decisions: what becomes of letters that a person has looked at."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import assert_never

from petiole.adapters.sqlite import sums
from petiole.adapters.sqlite.deliveries import enter
from petiole.adapters.sqlite.happenings import Scribe
from petiole.adapters.sqlite.turns import line_up
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import Decision, edited
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageId, MessageState

_SUPERSEDED = """
SELECT letter.id FROM json_each(?) AS asked CROSS JOIN message AS letter ON letter.id = asked.value
WHERE letter.superseded = 1 OR EXISTS (
    SELECT 1 FROM message AS later INDEXED BY message_past
    WHERE later.profile = letter.profile AND later.head IS NULL AND later.id > letter.id
        AND later.state = 'delivered'
) OR EXISTS (
    SELECT 1 FROM message AS front INDEXED BY message_head
    WHERE front.profile = letter.profile AND front.head = 1 AND front.id > letter.id
        AND front.state = 'in_flight'
)
"""
_RESEND = """
UPDATE message SET
    state = 'pending', head = iif(head = 1, 1, 0), attempts = 0, due_at = NULL, settled_at = NULL,
    code = '', reason = '', failure = NULL
WHERE id IN (SELECT value FROM json_each(?))
"""
_ARRIVED = """
UPDATE message SET
    state = 'delivered', head = NULL, settled_at = ?, code = '', reason = '', failure = NULL
WHERE id IN (SELECT value FROM json_each(?))
"""
_DISCARD = """
UPDATE message SET
    state = 'erased', head = NULL, settled_at = ?, fingerprint = NULL, failure = NULL, reason = ''
WHERE id IN (SELECT value FROM json_each(?))
"""
_ERASE = "DELETE FROM content WHERE message IN (SELECT value FROM json_each(?))"
_LETTER = """
SELECT fields, connection FROM message CROSS JOIN content ON content.message = message.id
WHERE message.id = ? AND failure IS NOT NULL
"""
_EDIT = "UPDATE content SET edit = ? WHERE message = ?"
_WEIGH = "UPDATE message SET weight_bytes = ? WHERE id = ?"

_STEPS = {
    Decision.RESEND: (Step.RESENT, MessageState.PENDING),
    Decision.RESEND_ANYWAY: (Step.RESENT, MessageState.PENDING),
    Decision.ARRIVED: (Step.ARRIVED, MessageState.DELIVERED),
    Decision.DISCARD: (Step.DISCARDED, MessageState.ERASED),
}


def edit(
    connection: sqlite3.Connection, letter: MessageId, fields: Fields, *, by: str, now: int
) -> bool:
    """Lay fields over those of a letter; tells whether there is such a letter."""
    row = connection.execute(_LETTER, (letter,)).fetchone()
    if row is None:
        return False
    original, name = row
    weight = len(edited(Fields(original), fields).text.encode())
    connection.execute(_EDIT, (fields.text, letter))
    connection.execute(_WEIGH, (weight, letter))
    scribe = Scribe(connection=connection, now=now, by=by)
    scribe.note(name, Step.EDITED, [letter], tick=sums.next_tick(connection, name))
    sums.add(connection, name, {})
    return True


def carry_out(
    connection: sqlite3.Connection,
    decision: Decision,
    letters: Sequence[tuple[MessageId, ConnectionName]],
    *,
    was: MessageState,
    by: str,
    now: int,
) -> int:
    """Move letters that all are in one state; tells how many, superseded ones being left alone."""
    if decision is Decision.RESEND:
        stale = _superseded(connection, [id_ for id_, _ in letters])
        letters = [(id_, name) for id_, name in letters if id_ not in stale]
    if not letters:
        return 0
    _move(connection, decision, json.dumps([id_ for id_, _ in letters]), now)
    step, becomes = _STEPS[decision]
    scribe = Scribe(connection=connection, now=now, by=by)
    for name, ids in _by_connection(letters).items():
        scribe.note(name, step, ids, tick=sums.next_tick(connection, name))
        sums.add(connection, name, {was: -len(ids), becomes: len(ids)})
    return len(letters)


def _move(connection: sqlite3.Connection, decision: Decision, ids: str, now: int) -> None:
    match decision:
        case Decision.RESEND | Decision.RESEND_ANYWAY:
            connection.execute(_RESEND, (ids,))
        case Decision.ARRIVED:
            connection.execute(_ARRIVED, (now, ids))
            enter(connection, ids, now)
        case Decision.DISCARD:
            connection.execute(_DISCARD, (now, ids))
            connection.execute(_ERASE, (ids,))
        case _:
            assert_never(decision)
    line_up(connection, ids)


def _superseded(
    connection: sqlite3.Connection, ids: Collection[MessageId]
) -> Collection[MessageId]:
    rows = connection.execute(_SUPERSEDED, (json.dumps(list(ids)),))
    return {MessageId(id_) for (id_,) in rows}


def _by_connection(
    letters: Sequence[tuple[MessageId, ConnectionName]],
) -> dict[ConnectionName, list[MessageId]]:
    found: defaultdict[ConnectionName, list[MessageId]] = defaultdict(list)
    for id_, name in letters:
        found[name].append(id_)
    return found

"""How messages and their changes stand in the columns of the message table."""

import json
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

from petiole.adapters.sqlite.instants import from_micros, moment
from petiole.core.domain.change import (
    AccountName,
    ChangeId,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.dead_letter import edited
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.mint import mint

ChangeRow: TypeAlias = tuple[
    ChangeId | None, str, str, str, str, str, str, str, bytes | None, int, str | None
]
"""event, account, connection, segment, identifier_type, identifier, kind, fields, fingerprint,
occurred_at, edit: selected in this order, of a message that still has its fields."""

MessageRow: TypeAlias = tuple[
    MessageId, int, str, ChangeId | None, str, str, bytes | None, int, str | None
]
"""id, weight_bytes, common, event, identifier, fields, fingerprint, occurred_at, edit. `common` is
what most messages of an input share, as a JSON array: account, connection, segment,
identifier_type, kind, enqueued_at, attempts. Each column costs more than a look into a table."""

_change, _message = mint(ProfileChange), mint(Message)
_fields, _identifier = mint(Fields), mint(Identifier)

KINDS = {kind.value: kind for kind in ChangeKind}
TYPES = {type_.value: type_ for type_ in IdentifierType}


def to_change(row: ChangeRow) -> ProfileChange:
    """Read a change as it is sent: with what a person laid over its fields."""
    event, account, connection, segment, type_, identifier, kind, text, fingerprint, at, edit = row
    fields = Fields(text)
    return ProfileChange(
        id=event,
        scope=_scope(account, connection, segment),
        identifier=Identifier(TYPES[type_], identifier),
        kind=KINDS[kind],
        occurred_at=from_micros(at),
        fields=fields if edit is None else edited(fields, Fields(edit)),
        fingerprint=fingerprint,
    )


def to_message(row: MessageRow) -> Message:
    """Read a claimed message, as `to_change` reads its change: all of a big run pass here."""
    id_, _, common, event, identifier, text, fingerprint, at, edit = row
    scope, type_, kind, enqueued_at, attempt = common_of(common)
    change = _change(
        scope=scope,
        identifier=_identifier(type_, identifier),
        kind=kind,
        occurred_at=moment(at),
        fields=_fields(text) if edit is None else edited(Fields(text), Fields(edit)),
        fingerprint=fingerprint,
        id=event,
    )
    return _message(id_, change, attempt, enqueued_at)


@lru_cache(maxsize=1024)
def common_of(told: str) -> tuple[Scope, IdentifierType, ChangeKind, datetime, int]:
    """Read what messages have in common; the last is the number of the attempt."""
    account, connection, segment, type_, kind, enqueued_at, attempt = json.loads(told)
    scope = _scope(account, connection, segment)
    return scope, TYPES[type_], KINDS[kind], moment(enqueued_at), attempt


@lru_cache(maxsize=1024)
def _scope(account: str, connection: str, segment: str) -> Scope:
    return Scope(
        account=AccountName(account),
        connection=ConnectionName(connection),
        segment=SegmentId(segment),
    )

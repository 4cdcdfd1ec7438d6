"""How messages and their changes stand in the columns of the message table."""

from functools import lru_cache
from typing import TypeAlias

from petiole.adapters.sqlite.instants import from_micros
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

ChangeRow: TypeAlias = tuple[
    str | None, str, str, str, str, str, str, str, bytes | None, int, str | None
]
"""event, account, connection, segment, identifier_type, identifier, kind, fields, fingerprint,
occurred_at, edit: selected in this order, of a message that still has its fields."""

MessageRow: TypeAlias = tuple[
    int, int, int, int, str | None, str, str, str, str, str, str, str, bytes | None, int, str | None
]
"""id, attempts, enqueued_at, weight_bytes, and then the change."""

_KINDS = {kind.value: kind for kind in ChangeKind}
_TYPES = {type_.value: type_ for type_ in IdentifierType}


def to_change(row: ChangeRow) -> ProfileChange:
    """Read a change as it is sent: with what a person laid over its fields."""
    event, account, connection, segment, type_, identifier, kind, text, fingerprint, at, edit = row
    fields = Fields(text)
    return ProfileChange(
        id=None if event is None else ChangeId(event),
        scope=_scope(account, connection, segment),
        identifier=Identifier(_TYPES[type_], identifier),
        kind=_KINDS[kind],
        occurred_at=from_micros(at),
        fields=fields if edit is None else edited(fields, Fields(edit)),
        fingerprint=fingerprint,
    )


def to_message(row: MessageRow) -> Message:
    """Read a claimed message."""
    id_, attempt, enqueued_at = row[:3]
    return Message(MessageId(id_), to_change(row[4:]), attempt, from_micros(enqueued_at))


@lru_cache(maxsize=1024)
def _scope(account: str, connection: str, segment: str) -> Scope:
    return Scope(
        account=AccountName(account),
        connection=ConnectionName(connection),
        segment=SegmentId(segment),
    )

"""Made-up profiles, and what happens to them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import count

from petiole.core.domain.change import (
    AccountName,
    ChangeId,
    ChangeKind,
    ConnectionName,
    ProfileChange,
    Scope,
    SegmentId,
)
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId
from petiole.core.ports.snapshot import SnapshotProfile

MOMENT = datetime(2026, 3, 2, 8, 20, 41, 123456, tzinfo=UTC)
_IDS = count(1)


def scope(connection: str = "newsletter", *, segment: str = "4711", account: str = "shop") -> Scope:
    """One segment as one connection sees it."""
    return Scope(
        account=AccountName(account),
        connection=ConnectionName(connection),
        segment=SegmentId(segment),
    )


def person(number: int) -> Identifier:
    """Identify a customer by number."""
    return Identifier.customer_id(str(number))


def change(
    who: int | Identifier,
    kind: ChangeKind = ChangeKind.ADD,
    fields: Mapping[str, JsonValue] | None = None,
    *,
    within: Scope | None = None,
    id_: str | None = None,
) -> ProfileChange:
    """One change; an update brings part of the data, so its fingerprint is not known."""
    data = Fields.of(fields or {})
    return ProfileChange(
        id=None if id_ is None else ChangeId(id_),
        scope=within or scope(),
        identifier=person(who) if isinstance(who, int) else who,
        kind=kind,
        occurred_at=MOMENT,
        fields=data,
        fingerprint=data.fingerprint if kind is ChangeKind.ADD else None,
    )


def snapshot(*profiles: tuple[int, Mapping[str, JsonValue]]) -> Iterable[SnapshotProfile]:
    """Profiles by number with their data, on lines from 2 on: the first is the heading."""
    for line, (number, fields) in enumerate(profiles, start=2):
        yield SnapshotProfile(line, person(number), Fields.of(fields))


def fresh_id() -> MessageId:
    """Give an id that no message has; like an outbox's, they ascend and are never used twice."""
    return MessageId(next(_IDS))


def messages(changes: Iterable[ProfileChange]) -> list[Message]:
    """Changes as a sink gets them; each is a new message, however often this is called."""
    return [Message(fresh_id(), change, attempt=1, enqueued_at=MOMENT) for change in changes]


def weighing(number: int, weight_bytes: int) -> ProfileChange:
    """An addition whose fields are that heavy."""
    return change(number, fields={"a": "x" * (weight_bytes - len('{"a":""}'))})

"""Made-up profiles and what happens to them, for every test of the core."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

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
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Batch, BatchId, Message, MessageId

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def scope(connection: str = "newsletter", *, account: str = "shop", segment: str = "4711") -> Scope:
    """One segment as one connection sees it."""
    return Scope(
        account=AccountName(account),
        connection=ConnectionName(connection),
        segment=SegmentId(segment),
    )


def person(number: int) -> Identifier:
    """Identify the customer of that number."""
    return Identifier(IdentifierType.CUSTOMER_ID, str(number))


def change(
    number: int = 1,
    kind: ChangeKind = ChangeKind.ADD,
    fields: Mapping[str, JsonValue] | None = None,
    *,
    within: Scope | None = None,
    id_: str | None = None,
    occurred_at: datetime = NOON,
) -> ProfileChange:
    """One change of a customer; an add without fields brings a first name."""
    if fields is None:
        fields = {} if kind is ChangeKind.REMOVE else {"firstname": f"Sanne {number}"}
    data = Fields.of(fields)
    return ProfileChange(
        id=None if id_ is None else ChangeId(id_),
        scope=within or scope(),
        identifier=person(number),
        kind=kind,
        fields=data,
        fingerprint=data.fingerprint if kind is ChangeKind.ADD else None,
        occurred_at=occurred_at,
    )


def message(number: int = 1, *, attempt: int = 1, enqueued_at: datetime = NOON) -> Message:
    """Carry the add of a customer under a message id of the same number."""
    return Message(MessageId(number), change(number), attempt, enqueued_at)


def batch(size: int, *, recovered: bool = False, attempt: int = 1) -> Batch:
    """Claim the customers 1 to `size` together."""
    return Batch(
        id=BatchId(1),
        connection=scope().connection,
        messages=[message(number, attempt=attempt) for number in range(1, size + 1)],
        recovered=recovered,
    )

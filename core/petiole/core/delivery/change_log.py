"""Read a change log: each row is one change of one profile."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from petiole.core.delivery.reading import (
    FieldMapping,
    Keying,
    Refusals,
    require_columns,
    usable_rows,
)
from petiole.core.domain.change import ChangeId, ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.errors import IdentifierRefused
from petiole.core.ports.audience import Audience, AudienceRow, RefusedRow

_KINDS = {
    "add": ChangeKind.ADD,
    "added": ChangeKind.ADD,
    "insert": ChangeKind.ADD,
    "new": ChangeKind.ADD,
    "update": ChangeKind.UPDATE,
    "updated": ChangeKind.UPDATE,
    "modified": ChangeKind.UPDATE,
    "remove": ChangeKind.REMOVE,
    "removed": ChangeKind.REMOVE,
    "delete": ChangeKind.REMOVE,
    "deleted": ChangeKind.REMOVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogColumns:
    """Which columns of a log tell what happened, and when; without `when` it happens now."""

    kind: str = "change"
    when: str | None = None


def read_changes(
    audience: Audience,
    *,
    scope: Scope,
    keying: Keying,
    mapping: FieldMapping,
    columns: LogColumns,
    refusals: Refusals,
    now: datetime,
) -> Iterator[ProfileChange]:
    """Read a log lazily, in order.

    Each change gets an id made of its line and content: reading the same log again, or one that has
    grown at its end, enqueues nothing twice.

    Raises:
        AudienceError: the source cannot be read, or lacks a column that is needed.
    """
    own = [columns.kind, *([columns.when] if columns.when else [])]
    require_columns(audience, [*keying.columns, *own, *(mapping.columns or {}).values()])
    for row in usable_rows(audience, keying, refusals):
        try:
            identifier = keying.identify(row.values)
            kind = _kind(row.values, columns.kind)
            occurred_at = _moment(row.values, columns.when, now)
            fields = Fields() if kind is ChangeKind.REMOVE else mapping.fields(row.values)
        except (IdentifierRefused, ValueError) as error:
            refusals.add(RefusedRow(row.line, str(error)))
            continue
        yield ProfileChange(
            id=_id(scope, row, identifier.value, kind, fields),
            scope=scope,
            identifier=identifier,
            kind=kind,
            fields=fields,
            fingerprint=fields.fingerprint if kind is ChangeKind.ADD else None,
            occurred_at=occurred_at,
        )


def _kind(values: Mapping[str, JsonValue], column: str) -> ChangeKind:
    word = str(values.get(column) or "").strip().lower()
    if word not in _KINDS:
        raise ValueError(f"column {column!r} must say add, update or remove")
    return _KINDS[word]


def _moment(values: Mapping[str, JsonValue], column: str | None, now: datetime) -> datetime:
    if column is None:
        return now
    try:
        moment = datetime.fromisoformat(str(values.get(column) or "").strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"column {column!r} must hold an ISO 8601 time such as 2026-03-02T08:20:41Z"
        ) from None


def _id(
    scope: Scope, row: AudienceRow, identifier: str, kind: ChangeKind, fields: Fields
) -> ChangeId:
    content = "\0".join(
        (scope.connection, scope.segment, str(row.line), identifier, kind, fields.text)
    )
    return ChangeId(hashlib.blake2b(content.encode(), digest_size=16).hexdigest())

"""Read a change log: each row is one change of one profile."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
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
from petiole.core.ports.audience import Audience, RefusedRow

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
    """Which columns of a log tell what happened, when (else now), and the event's own id."""

    kind: str = "change"
    when: str | None = None
    event: str | None = None

    @property
    def named(self) -> Sequence[str]:
        """The columns that belong to the log, not to the profile."""
        return [column for column in (self.kind, self.when, self.event) if column]


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

    With event ids, or else with times, a change is known again: reading the same log twice, or one
    that has grown, enqueues nothing twice. With neither, every row counts whenever it is read: the
    same words may well tell of another change.

    Raises:
        AudienceError: the source cannot be read, or lacks a column that is needed.
    """
    needed = [*keying.columns, *columns.named, *(mapping.columns or {}).values()]
    require_columns(audience, needed)
    for row in usable_rows(audience, keying, refusals):
        try:
            identifier = keying.identify(row.values)
            kind = _kind(row.values, columns.kind)
            occurred_at = _moment(row.values, columns.when, now)
            event = _event(row.values, columns.event)
            fields = Fields() if kind is ChangeKind.REMOVE else mapping.fields(row.values)
        except (IdentifierRefused, ValueError) as error:
            refusals.add(RefusedRow(row.line, str(error)))
            continue
        if event is None and columns.when is not None:
            event = f"{identifier.value} {kind} {occurred_at.isoformat()} {fields.text}"
        yield ProfileChange(
            id=None if event is None else _id(scope, event),
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


def _event(values: Mapping[str, JsonValue], column: str | None) -> str | None:
    if column is None:
        return None
    value = values.get(column)
    if value is None or not str(value).strip():
        raise ValueError(f"column {column!r} must hold the id of the event")
    return str(value).strip()


def _id(scope: Scope, event: str) -> ChangeId:
    content = f"{scope.connection}\0{scope.segment}\0{event}"
    return ChangeId(hashlib.blake2b(content.encode(), digest_size=16).hexdigest())

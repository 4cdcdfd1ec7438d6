"""Read a change log: each row is one change of one profile."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from petiole.core.delivery.reading import (
    FieldMapping,
    Keying,
    Refusals,
    open_reading,
    require_columns,
)
from petiole.core.domain.change import ChangeId, ChangeKind, ProfileChange, Scope
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.mint import mint
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

_change = mint(ProfileChange)


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
    reading = open_reading(audience, keying, mapping)
    kind_of = reading.value(columns.kind)
    when_of = reading.value(columns.when)
    event_of = reading.value(columns.event)
    for numbered in reading.rows:
        if isinstance(numbered, RefusedRow):
            refusals.add(numbered)
            continue
        line, row = numbered
        try:
            identifier = reading.identify(row)
            kind = _kind(kind_of(row), columns.kind)
            occurred_at = _moment(when_of(row), columns.when, now)
            event = _event(event_of(row), columns.event)
            fields = Fields() if kind is ChangeKind.REMOVE else reading.fields(row)
        except (IdentifierRefused, ValueError) as error:
            refusals.add(RefusedRow(line, str(error)))
            continue
        if event is None and columns.when is not None:
            event = f"{identifier.value} {kind} {occurred_at.isoformat()} {fields.text}"
        yield _change(
            id=None if event is None else _id(scope, event),
            scope=scope,
            identifier=identifier,
            kind=kind,
            fields=fields,
            fingerprint=fields.fingerprint if kind is ChangeKind.ADD else None,
            occurred_at=occurred_at,
        )


def _kind(value: JsonValue, column: str) -> ChangeKind:
    word = str(value or "").strip().lower()
    if word not in _KINDS:
        raise ValueError(f"column {column!r} must say add, update or remove")
    return _KINDS[word]


def _moment(value: JsonValue, column: str | None, now: datetime) -> datetime:
    if column is None:
        return now
    try:
        moment = datetime.fromisoformat(str(value or "").strip())
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"column {column!r} must hold an ISO 8601 time such as 2026-03-02T08:20:41Z"
        ) from None


def _event(value: JsonValue, column: str | None) -> str | None:
    if column is None:
        return None
    if value is None or not str(value).strip():
        raise ValueError(f"column {column!r} must hold the id of the event")
    return str(value).strip()


def _id(scope: Scope, event: str) -> ChangeId:
    content = f"{scope.connection}\0{scope.segment}\0{event}"
    return ChangeId(hashlib.blake2b(content.encode(), digest_size=16).hexdigest())

"""The records of all tables, each in its place below the records that contain it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM
from petiole.plugins.canopydeploy.sandbox.datamodel.model import Table

MICROSECONDS = 1_000_000

USER = "Connector user"

Place = tuple[str, ...]
"""Ids and table names from the root down, such as `("customer", "clang_42", "order")`."""

Record = dict[str, object]


@dataclass(slots=True, kw_only=True)
class _Row:
    values: Record
    created_at: datetime
    modified_at: datetime


class Records:
    """Every record by its collection and its id; any thread may read and write."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self.now = now
        self._guard = threading.Lock()
        self._last = 0
        self._rows: dict[Place, dict[str, _Row]] = {}

    def insert(self, place: Place, table: Table, values: Mapping[str, object]) -> str:
        """Add a record to a collection and return its id; columns not given are empty."""
        with self._guard:
            return self._insert(place, table, values)

    def update(self, place: Place, identity: str, values: Mapping[str, object]) -> bool:
        """Change some columns of a record; False if there is no such record."""
        with self._guard:
            row = self._rows.get(place, {}).get(identity)
            if row is None:
                return False
            self._change(row, values)
        return True

    def upsert(
        self, place: Place, table: Table, values: Mapping[str, object], *, key: str | None
    ) -> str:
        """Change the oldest record with the same value in column `key`, or add one.

        Without a key, or a value for it, a record is added. Returns the record's id.
        """
        wanted = None if key is None else values.get(key)
        with self._guard:
            for identity, row in self._rows.get(place, {}).items():
                if key is not None and wanted is not None and row.values.get(key) == wanted:
                    self._change(row, values)
                    return identity
            return self._insert(place, table, values)

    def delete(self, place: Place, identity: str) -> bool:
        """Delete a record and all that it contains; False if there is no such record."""
        with self._guard:
            if self._rows.get(place, {}).pop(identity, None) is None:
                return False
            above = (*place, identity)
            for below in [each for each in self._rows if each[: len(above)] == above]:
                del self._rows[below]
        return True

    def get(self, place: Place, identity: str) -> Record | None:
        """Return one record as it is shown, or None."""
        with self._guard:
            row = self._rows.get(place, {}).get(identity)
            return _shown(identity, row) if row else None

    def list(self, place: Place) -> list[Record]:
        """Return all records of a collection as they are shown, oldest first."""
        with self._guard:
            rows = self._rows.get(place, {})
            return [_shown(identity, row) for identity, row in rows.items()]

    def counts(self) -> dict[str, int]:
        """Return how many records each table holds, over all its collections."""
        with self._guard:
            counts: dict[str, int] = {}
            for place, rows in self._rows.items():
                counts[place[-1]] = counts.get(place[-1], 0) + len(rows)
            return counts

    def _insert(self, place: Place, table: Table, values: Mapping[str, object]) -> str:
        identity, moment = self._fresh_id(), self.now()
        whole = dict.fromkeys(table.columns) | dict(values)
        row = _Row(values=whole, created_at=moment, modified_at=moment)
        self._rows.setdefault(place, {})[identity] = row
        return identity

    def _change(self, row: _Row, values: Mapping[str, object]) -> None:
        row.values.update(values)
        row.modified_at = self.now()

    def _fresh_id(self) -> str:
        """Return an id that is made of the time, as the vendor's examples are, and never twice."""
        moment = int(self.now().timestamp() * MICROSECONDS)
        self._last = max(moment, self._last + 1)
        seconds, rest = divmod(self._last, MICROSECONDS)
        return f"clang_{seconds:08x}{rest:05x}"


def stamped(identity: str, *, created_at: datetime, modified_at: datetime) -> Record:
    """Return the fields that the platform adds to every record, times as Amsterdam reads them."""
    return {
        "clang_id": identity,
        "clang_createdat": _local(created_at),
        "clang_createdby": USER,
        "clang_modifiedat": _local(modified_at),
        "clang_modifiedby": USER,
    }


def _shown(identity: str, row: _Row) -> Record:
    stamps = stamped(identity, created_at=row.created_at, modified_at=row.modified_at)
    return row.values | stamps


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M:%S}"

"""One kind of events, such as all opens, found by id, by mailing or by recipient."""

from collections.abc import Sequence
from itertools import count
from typing import Generic, TypeVar

from petiole.plugins.canopydeploy.sandbox.crm.mailing import Event
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

_E = TypeVar("_E", bound=Event)


class Events(Generic[_E]):
    """Events of one kind; each way to find some takes as long as there are such events."""

    def __init__(self, kind: str, *, first_id: int) -> None:
        self.kind = kind
        self._ids = count(first_id)
        self._rows = Table[_E](kind)
        self._of_mailing: dict[int, dict[int, list[_E]]] = {}

    def next_id(self) -> int:
        """Take the id of the next event."""
        return next(self._ids)

    def add(self, row: _E) -> _E:
        """Keep an event."""
        self._rows[row.id] = row
        self._of_mailing.setdefault(row.mailing_id, {}).setdefault(row.customer_id, []).append(row)
        return row

    def get(self, event_id: int | None) -> _E:
        """Find one by id; raise NotFound if there is none."""
        return self._rows.find(event_id)

    def of(self, mailing_id: int, *, customer_id: int | None = None) -> Sequence[_E]:
        """Answer the events of a mailing, or of one of its recipients, in order of time."""
        acted = self._of_mailing.get(mailing_id, {})
        if customer_id is None:
            rows = [row for each in acted.values() for row in each]
        else:
            rows = acted.get(customer_id, [])
        return tuple(sorted(rows, key=lambda row: (row.at, row.id)))

    def customer_ids(self, mailing_id: int) -> frozenset[int]:
        """Tell who they were."""
        return frozenset(self._of_mailing.get(mailing_id, ()))

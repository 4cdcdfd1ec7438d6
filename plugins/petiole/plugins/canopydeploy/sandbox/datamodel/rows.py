"""Rows of the data model out of the arrays in a webhook record.

Documented by the vendor: the platform walks a nested array and writes one row per element, and each
level has a key of its own: found is updated, not found is created. Assumed: an element's keys are
the names of the columns, others are ignored; an element that does not fit is refused alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from petiole.plugins.canopydeploy.sandbox.datamodel.kind import Misfit
from petiole.plugins.canopydeploy.sandbox.datamodel.model import CUSTOMER, Model, Table
from petiole.plugins.canopydeploy.sandbox.datamodel.records import Place, Record, Records
from petiole.plugins.canopydeploy.sandbox.records import INVALID_CODE, Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMapping:
    """Where the elements of an array go.

    `key` is the column that tells rows of one collection apart; without it every element is a new
    row. `rows` maps the arrays in an element to the tables that this one contains.
    """

    table: str
    key: str | None
    rows: "RowMappings"

    def shown(self) -> dict[str, object]:
        """Return the mapping as the control API takes it."""
        rows = {name: row.shown() for name, row in self.rows.items()}
        return {"table": self.table, "key": self.key, "rows": rows}


RowMappings = Mapping[str, RowMapping]
"""The mapped arrays of a record or an element, by their keys."""


class Rows:
    """Writes arrays as rows, and each row's id or refusal into its element."""

    def __init__(self, *, model: Callable[[], Model], records: Records) -> None:
        self._model = model
        self._records = records

    def write(self, customer: str, record: Record, mappings: RowMappings) -> None:
        """Write the arrays in the record of a customer, who is given by `clang_id`."""
        self._write(record, mappings, table=CUSTOMER, place=(CUSTOMER, customer))

    def _write(self, owner: Record, mappings: RowMappings, *, table: str, place: Place) -> None:
        for name, mapping in mappings.items():
            child = self._model().get(mapping.table, parent=table)
            elements = owner.get(name)
            if child is None or not isinstance(elements, list):
                continue
            for element in elements:
                if isinstance(element, dict):
                    self._write_row(element, mapping, table=child, place=(*place, child.name))

    def _write_row(
        self, element: Record, mapping: RowMapping, *, table: Table, place: Place
    ) -> None:
        try:
            named = {name: element[name] for name in table.columns.keys() & element}
            values = table.stored(named, now=self._records.now())
        except Misfit as problem:
            element["error"] = Rejection(code=INVALID_CODE, message=str(problem)).shown()
            return
        identity = self._records.upsert(place, table, values, key=mapping.key)
        self._write(element, mapping.rows, table=table.name, place=(*place, identity))
        element["clang_id"] = identity

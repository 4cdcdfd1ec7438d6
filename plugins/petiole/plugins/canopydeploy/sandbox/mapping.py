"""The mapping of a webhook, as the control API takes it.

{"key": "identifier",
 "rows": {"orders": {"table": "order", "key": "number",
                     "rows": {"lines": {"table": "orderline", "key": null}}}}}
"""

from dataclasses import dataclass, field

from petiole.plugins.canopydeploy.sandbox.datamodel import Model, RowMapping, RowMappings
from petiole.plugins.canopydeploy.sandbox.datamodel.model import CUSTOMER
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """What the keys of a record mean: `key` tells customers apart, `rows` are arrays in it."""

    key: str
    rows: RowMappings = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """Return the mapping as a document writes it."""
        return {"key": self.key, "rows": {name: row.shown() for name, row in self.rows.items()}}


def mapped(document: Document, *, model: Model) -> RecordMapping:
    """Return the mapping that a document defines for the tables there are, or raise Nonsense."""
    key = document.text("key")
    rows = _rows(document, table=CUSTOMER, model=model)
    document.finish()
    return RecordMapping(key=key, rows=rows)


def _rows(document: Document, *, table: str, model: Model) -> dict[str, RowMapping]:
    if document.missing("rows"):
        return {}
    arrays = document.document("rows")
    return {name: _row(arrays.document(name), parent=table, model=model) for name in arrays.content}


def _row(document: Document, *, parent: str, model: Model) -> RowMapping:
    name = document.text("table")
    table = model.get(name, parent=parent)
    if table is None:
        raise Nonsense(f"{document.where}: {parent} contains no table {name}")
    key = None if document.missing("key") else document.text("key")
    if key is not None and key not in table.columns:
        raise Nonsense(f"{document.where}: table {name} has no column {key}")
    rows = _rows(document, table=name, model=model)
    document.finish()
    return RowMapping(table=name, key=key, rows=rows)

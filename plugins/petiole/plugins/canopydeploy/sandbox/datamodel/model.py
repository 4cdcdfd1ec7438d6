"""The tables of a brand, their columns, and the two relations between them.

Documented by the vendor: a table may be contained in another, and is then reachable below its
parent's records only; a column may refer to a column of another table, and both tables stay where
they are; `customer` always exists, has no columns, and is the root of what customers own. Assumed:
a reference takes the type of the column that it refers to, and need not lead anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.datamodel.kind import Kind, Misfit

CUSTOMER = "customer"

SERVED = "clang_"
"""How the names of those fields begin that the platform fills itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `refers` names the table and the column that its values refer to."""

    name: str
    kind: Kind
    refers: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and its columns by name; `parent` is the table that contains it."""

    name: str
    columns: Mapping[str, Column]
    parent: str | None = None

    def stored(self, values: Mapping[str, object], *, now: datetime) -> dict[str, object]:
        """Return values as their columns hold them at `now`, or raise Misfit, with the column."""
        stored: dict[str, object] = {}
        for name, value in values.items():
            try:
                stored[name] = self.columns[name].kind.stored(value, now=now)
            except Misfit as problem:
                raise Misfit(f"column {name}: {problem}") from None
        return stored


class Model:
    """All tables of a brand, `customer` first."""

    def __init__(self, tables: Sequence[Table]) -> None:
        customer = Table(name=CUSTOMER, columns={})
        self._tables = {table.name: table for table in (customer, *tables)}

    def __iter__(self) -> Iterator[Table]:
        return iter(self._tables.values())

    def get(self, name: str, *, parent: str | None) -> Table | None:
        """Return the table of this name, if it is there and contained in just this parent."""
        table = self._tables.get(name)
        return table if table and table.parent == parent else None

    def children(self, table: Table) -> list[Table]:
        """Return the tables that a table contains."""
        return [each for each in self if each.parent == table.name]


START = Model(
    [
        Table(name="plan", columns={"name": Column(name="name", kind=Kind.STRING)}),
        Table(
            name="subscription",
            parent=CUSTOMER,
            columns={
                "plancode": Column(name="plancode", kind=Kind.STRING, refers=("plan", "name")),
                "seats": Column(name="seats", kind=Kind.NUMBER),
                "active": Column(name="active", kind=Kind.BOOLEAN),
                "startdate": Column(name="startdate", kind=Kind.DATE),
            },
        ),
    ]
)
"""The model of a fresh twin."""

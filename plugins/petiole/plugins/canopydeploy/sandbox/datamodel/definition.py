"""A model as the control API takes it.

{"tables": [{"name": "order", "parent": "customer",
             "columns": [{"name": "number", "type": "string"},
                         {"name": "plancode", "refers": "plan.name"}]}]}
"""

import re
from collections.abc import Mapping

from petiole.plugins.canopydeploy.sandbox.datamodel.kind import Kind
from petiole.plugins.canopydeploy.sandbox.datamodel.model import (
    CUSTOMER,
    SERVED,
    Column,
    Model,
    Table,
)
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def defined(document: Document) -> Model:
    """Return the model that a document defines, or raise Nonsense."""
    tables: dict[str, Table] = {}
    for each in document.documents("tables"):
        table = _table(each)
        if table.name in {CUSTOMER, *tables}:
            raise Nonsense(f"{each.where}: there is a table {table.name} already")
        tables[table.name] = table
    document.finish()
    for table in tables.values():
        _check_parents(table, tables)
    return Model([_resolved(table, tables) for table in tables.values()])


def shown(table: Table) -> dict[str, object]:
    """Return a table as a definition writes it."""
    columns = [
        {"name": column.name}
        | ({"refers": ".".join(column.refers)} if column.refers else {"type": column.kind})
        for column in table.columns.values()
    ]
    return {"name": table.name, "parent": table.parent, "columns": columns}


def _table(document: Document) -> Table:
    name = _name(document)
    parent = None if document.missing("parent") else document.text("parent")
    columns: dict[str, Column] = {}
    for each in document.documents("columns"):
        column = _column(each)
        if column.name in columns:
            raise Nonsense(f"{each.where}: there is a column {column.name} already")
        columns[column.name] = column
    document.finish()
    return Table(name=name, columns=columns, parent=parent)


def _column(document: Document) -> Column:
    name = _name(document)
    refers = None
    kind = Kind.STRING
    if "refers" in document:
        table, _, column = document.text("refers").partition(".")
        refers = (table, column)
    else:
        kind = _kind(document)
    document.finish()
    return Column(name=name, kind=kind, refers=refers)


def _name(document: Document) -> str:
    name = document.text("name")
    if not NAME.fullmatch(name) or name.startswith(SERVED):
        raise Nonsense(f"{document.where}: {name} cannot be a name")
    return name


def _kind(document: Document) -> Kind:
    text = document.text("type")
    if text not in set(Kind):
        raise Nonsense(f"{document.where}: no type {text}; there are {', '.join(Kind)}")
    return Kind(text)


def _check_parents(table: Table, tables: Mapping[str, Table]) -> None:
    """Refuse a table that is contained in itself, or in one that is not there."""
    above = {table.name}
    parent = table.parent
    while parent not in {None, CUSTOMER}:
        if parent in above or parent not in tables:
            raise Nonsense(f"table {table.name}: {parent} cannot contain it")
        above.add(parent)
        parent = tables[parent].parent


def _resolved(table: Table, tables: Mapping[str, Table]) -> Table:
    """Give every reference the type of the column that it refers to."""
    columns = dict(table.columns)
    for name, column in columns.items():
        if column.refers:
            columns[name] = _reference(table, column.name, column.refers, tables)
    return Table(name=table.name, columns=columns, parent=table.parent)


def _reference(
    table: Table, name: str, refers: tuple[str, str], tables: Mapping[str, Table]
) -> Column:
    there = tables.get(refers[0])
    target = there.columns.get(refers[1]) if there else None
    if not target or target.refers:
        place = ".".join(refers)
        raise Nonsense(f"table {table.name}: {name} refers to {place}, which has no type")
    return Column(name=name, kind=target.kind, refers=refers)

"""The model description that `?format=html` answers, for people."""

from html import escape

from petiole.plugins.canopydeploy.sandbox.datamodel.model import Column, Model, Table


def described(model: Model) -> str:
    """Return the tables, columns and relations as an HTML page."""
    tables = "".join(_table(model, table) for table in model)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Data model</title>'
        f"</head><body><h1>Data model</h1>{tables}</body></html>"
    )


def _table(model: Model, table: Table) -> str:
    name = escape(table.name)
    rows = "".join(_column(column) for column in table.columns.values())
    columns = f"<tr><th>Column</th><th>Type</th><th>Refers to</th></tr>{rows}"
    children = ", ".join(escape(child.name) for child in model.children(table))
    contains = f"<p>{name} contains {children}</p>" if children else ""
    return f"<h2>{name}</h2><table>{columns}</table>{contains}"


def _column(column: Column) -> str:
    refers = escape(".".join(column.refers or ()))
    return f"<tr><td>{escape(column.name)}</td><td>{column.kind}</td><td>{refers}</td></tr>"

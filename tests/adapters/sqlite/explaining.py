"""How SQLite would find the rows of a statement."""

import re
import sqlite3
from collections.abc import Sequence


def statements_of(script: str) -> Sequence[str]:
    """Cut the triggers of a script into their statements, since they tell no plan as a whole."""
    body = "".join(re.findall(r" BEGIN\n(.*?)\nEND;", script, re.DOTALL))
    body = re.sub(r"NEW\.(\w+)", r":\1", body)
    body = re.sub(r"RAISE\(FAIL, '[^']*'\)", "1", body)
    return [" ".join(sql.split()) for sql in body.split(";") if sql.strip()]


def plan_of(tables: sqlite3.Connection, sql: str) -> list[str]:
    """Tell the steps of a statement, whatever its parameters are."""
    names = re.findall(r":(\w+)", sql)
    parameters = dict.fromkeys(names) if names else (None,) * sql.count("?")
    rows = tables.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    return [row[3] for row in rows]

"""Scripts of several statements, run one by one inside a transaction."""

from sqlite_utils import Database as Tables


def run_script(tables: Tables, script: str) -> None:
    """Run each statement; all but the last end with a semicolon at the end of a line.

    `sqlite3` would commit first, and sqlite-utils looks for the ends letter by letter, which took
    most of the time in which a file is made.
    """
    for statement in script.split(";\n"):
        tables.conn.execute(statement).close()

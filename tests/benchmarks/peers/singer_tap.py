"""Write a CSV file as Singer messages: `singer_tap.py FILE | singer_target.py URL`."""

import csv
import json
import sys
from pathlib import Path


def main() -> None:
    """Write the schema and every row."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        columns = {name: {"type": ["string", "null"]} for name in rows.fieldnames or ()}
        schema = {"properties": columns}
        write = sys.stdout.write
        write(
            _line({"type": "SCHEMA", "stream": "c", "schema": schema, "key_properties": ["email"]})
        )
        for row in rows:
            write(_line({"type": "RECORD", "stream": "c", "record": row}))


def _line(message: object) -> str:
    return json.dumps(message) + "\n"


if __name__ == "__main__":
    main()

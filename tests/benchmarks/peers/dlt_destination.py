"""Post the rows of a CSV file by a hundred through dlt: `dlt_destination.py FILE URL`."""

import csv
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx

# Read when dlt is imported; a benchmark calls nobody.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt

PAGE = 1_000

_CLIENT = httpx.Client()


@dlt.destination(
    batch_size=100,
    loader_file_format="typed-jsonl",
    name="hook",
    naming_convention="direct",
    skip_dlt_columns_and_tables=True,
)
def hook(items: list[dict[str, object]], table: object) -> None:
    """Post one batch as a JSON array."""
    content = json.dumps(items, default=str)
    _CLIENT.post(sys.argv[2], content=content).raise_for_status()


@dlt.resource(name="customers")
def customers() -> Iterator[list[dict[str, str]]]:
    """Read the file and hand over pages, as dlt advises: row by row it is a fifth slower."""
    with Path(sys.argv[1]).open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        while page := list(islice(rows, PAGE)):
            yield page


def main() -> None:
    """Run the pipeline in a folder that goes; tell what it took."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="petiole-dlt-") as folder:
        dlt.pipeline("bench", destination=hook, pipelines_dir=folder).run(customers())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": time.perf_counter() - began, "peak_kib": peak}))


if __name__ == "__main__":
    main()

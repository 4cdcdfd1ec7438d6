"""All benchmarks that compare, one table: `python -m tests.benchmarks [--quick] [MODULE ...]`.

Each such module offers `measure`; the others are run by themselves.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from tests.benchmarks.table import Line, table

MODULES = (
    "bench_sync",
    "bench_drain",
    "bench_growth",
    "bench_reading",
    "bench_realtime",
    "bench_start",
    "bench_idle",
)


class Measure(Protocol):
    """What a module offers: its lines, measured anew, with peers in the same run."""

    def __call__(self, *, quick: bool) -> Sequence[Line]: ...


def main() -> None:
    """Run the modules in turn and print one table, also of what was measured before one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("modules", metavar="MODULE", nargs="*", help=f"of {', '.join(MODULES)}")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rows and rounds, so that starting weighs more"
    )
    given = parser.parse_args()
    if unknown := set(given.modules) - set(MODULES):
        parser.error(f"no such module: {', '.join(sorted(unknown))}")
    lines: list[Line] = []
    try:
        for name in given.modules or MODULES:
            lines += _measured(name, quick=given.quick)
    finally:
        print(table(lines))


def _measured(name: str, *, quick: bool) -> Sequence[Line]:
    path = f"tests.benchmarks.{name}"
    measure: Measure | None = (
        getattr(import_module(path), "measure", None) if find_spec(path) else None
    )
    if measure is None:
        sys.stderr.write(f"{name} measures nothing\n")
        return ()
    sys.stderr.write(f"{name} ...\n")
    began = time.perf_counter()
    lines = measure(quick=quick)
    sys.stderr.write(f"{name} took {time.perf_counter() - began:.0f} s\n")
    return lines


if __name__ == "__main__":
    main()

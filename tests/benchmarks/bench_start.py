"""How soon the command line answers: `python tests/benchmarks/bench_start.py`."""

import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

RUNS = 15

COMMANDS: Mapping[str, Sequence[str]] = {
    "python -c pass": ("-c", "pass"),
    "import rich_click": ("-c", "import rich_click"),
    "petiole --version": ("-m", "petiole.host", "--version"),
    "petiole --help": ("-m", "petiole.host", "--help"),
    "petiole plugins": ("-m", "petiole.host", "plugins"),
}


def seconds(arguments: Sequence[str]) -> float:
    """Time one run of a fresh interpreter."""
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Run the commands in turn, so that all meet the same weather, and print medians."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            taken[name].append(seconds(arguments))
    bare = statistics.median(taken["python -c pass"])
    print(f"{'command':<20} {'seconds':>8} {'x bare':>7}   median of {RUNS}")
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:<20} {median:>8.3f} {median / bare:>7.1f}")


if __name__ == "__main__":
    main()

"""A whole sync beside what others make of the same file, from the start of a process to its end.

`petiole sync` reads, hashes, compares with its ledger, queues durably, delivers, settles and
writes the ledger. dlt and singer-sdk read and deliver the same profiles by a hundred; they keep no
durable queue, compare nothing and forget what was sent. All post to a sink on loopback that
answers at once.
Run it with: python -m tests.benchmarks.bench_sync [profiles] [--rounds N] [--memory]
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.audience import write
from tests.benchmarks.contestants import Contestant, dlt, petiole, singer
from tests.benchmarks.process import Finished
from tests.benchmarks.sink import counts, running_sink
from tests.benchmarks.table import Line, table

ROWS = 200_000
ROUNDS = 3
QUICK_ROWS = 20_000
MILLION = 1_000_000
SIZES = (100_000, MILLION)
LARGEST = 5_000_000
FASTER = 3
FLAT = 1.1
UNCHANGED_SECONDS = 8
UNCHANGED_MB = 200

PEERS: Mapping[str, Contestant] = {"dlt": dlt, "singer-sdk": singer}


def measure(*, quick: bool) -> Sequence[Line]:
    """Race the peers, then see how memory grows, and what a sync without changes costs."""
    if quick:
        return [*race(QUICK_ROWS, rounds=1), *growth(SIZES[:1])]
    return [*race(ROWS, rounds=ROUNDS), *growth(SIZES)]


def race(rows: int, *, rounds: int) -> Iterator[Line]:
    """Let all take the same file in turn, so that they meet the same machine; compare medians."""
    runs: dict[str, list[Finished]] = {name: [] for name in (*PEERS, "petiole")}
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as folder:
        path = Path(folder, "customers.csv")
        write(path, rows)
        for _ in range(rounds):
            for name, contestant in {**PEERS, "petiole": petiole}.items():
                runs[name].append(_complete(name, contestant, path, rows))
    yield from _rates({n: rows / median(run.seconds for run in took) for n, took in runs.items()})
    yield from _peaks({n: median(_highest_mb(run) for run in took) for n, took in runs.items()})


def growth(sizes: Sequence[int]) -> Iterator[Line]:
    """Compare peaks by size; repeat the largest sync up to a million, with nothing changed."""
    repeated = max(size for size in sizes if size <= MILLION)
    smallest = 0.0
    for rows in sizes:
        with tempfile.TemporaryDirectory(prefix="petiole-bench-") as name, running_sink() as url:
            folder = Path(name)
            path = folder / "customers.csv"
            write(path, rows)
            peak = _highest_mb(_told("petiole", petiole(path, url, folder), rows))
            smallest = smallest or peak
            yield Line(
                what=f"petiole sync, peak, {rows:,}",
                figure=_mb(peak),
                against=f"{sizes[0]:,}: {_mb(smallest)}" if rows != sizes[0] else "",
                ratio=peak / smallest if rows != sizes[0] else None,
                wanted=f"at most {FLAT}" if rows != sizes[0] else "",
                holds=peak <= FLAT * smallest if rows != sizes[0] else None,
            )
            if rows == repeated:
                before = counts(url).calls
                again = _told("petiole again", petiole(path, url, folder), rows)
                yield from _unchanged(rows, again, calls=counts(url).calls - before)


def _rates(rates: Mapping[str, float]) -> Iterator[Line]:
    best = max(PEERS, key=lambda name: rates[name])
    for name in PEERS:
        yield Line(what=f"{name}, file to sink", figure=f"{rates[name]:,.0f} profiles/s")
    yield Line(
        what="petiole sync, file to sink",
        figure=f"{rates['petiole']:,.0f} profiles/s",
        against=f"{best} {rates[best]:,.0f}/s",
        ratio=rates["petiole"] / rates[best],
        wanted=f"at least {FASTER}",
        holds=rates["petiole"] >= FASTER * rates[best],
    )


def _peaks(peaks: Mapping[str, float]) -> Iterator[Line]:
    least = min(PEERS, key=lambda name: peaks[name])
    for name in PEERS:
        yield Line(what=f"{name}, peak", figure=_mb(peaks[name]))
    yield Line(
        what="petiole sync, peak",
        figure=_mb(peaks["petiole"]),
        against=f"{least} {_mb(peaks[least])}",
        ratio=peaks["petiole"] / peaks[least],
        wanted="below 1",
        holds=peaks["petiole"] < peaks[least],
    )


def _unchanged(rows: int, run: Finished, *, calls: int) -> Iterator[Line]:
    judged = rows == MILLION
    peak = _highest_mb(run)
    yield Line(
        what=f"unchanged sync, {rows:,}",
        figure=f"{run.seconds:.1f} s",
        wanted=f"at most {UNCHANGED_SECONDS} s" if judged else "",
        holds=run.seconds <= UNCHANGED_SECONDS if judged else None,
    )
    yield Line(
        what="unchanged sync, peak",
        figure=_mb(peak),
        wanted=f"under {UNCHANGED_MB} MB",
        holds=peak < UNCHANGED_MB,
    )
    yield Line(what="unchanged sync", figure=f"{calls} calls", wanted="0 calls", holds=calls == 0)


def _complete(name: str, contestant: Contestant, path: Path, rows: int) -> Finished:
    """Run a contestant in an empty folder with a sink of its own; see that all has arrived."""
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as folder, running_sink() as url:
        finished = contestant(path, url, Path(folder))
        arrived = counts(url).records
    if arrived != rows:
        sys.exit(f"{name} sent {arrived:,} of {rows:,} profiles")
    return _told(name, finished, rows)


def _told(name: str, run: Finished, rows: int) -> Finished:
    """Show how far the measuring is."""
    peaks = " + ".join(f"{peak / 1_024:.0f}" for peak in run.peaks_kib)
    sys.stderr.write(f"{name}: {rows:,} profiles in {run.seconds:.1f} s, {peaks} MB\n")
    return run


def _highest_mb(run: Finished) -> float:
    """Of a pipeline, the process that held most alone: the strictest reading."""
    return max(run.peaks_kib) / 1_024


def _mb(megabytes: float) -> str:
    return f"{megabytes:.0f} MB"


def main() -> None:
    """Race the peers, or measure memory up to the largest size."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_sync")
    parser.add_argument("profiles", type=int, nargs="?", default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--memory", action="store_true", help=f"peaks of up to {LARGEST:,} rows")
    given = parser.parse_args()
    lines = growth((*SIZES, LARGEST)) if given.memory else race(given.profiles, rounds=given.rounds)
    print(table(list(lines)))


if __name__ == "__main__":
    main()

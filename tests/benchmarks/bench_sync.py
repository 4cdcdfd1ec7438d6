"""A whole sync against a plain loop: `python tests/benchmarks/bench_sync.py [rows]`.

Both send to the sandbox, a process of its own on loopback. The loop reads, encodes and posts one
batch of 100 after the other; it compares nothing, stores nothing and would lose what fails.
"""

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import httpx

from petiole.host.demo.audience import customers, write
from petiole.host.demo.platform import sandbox_process

ROWS = 50_000
BATCH = 100
ROUNDS = 3


@contextmanager
def sandbox() -> Iterator[Mapping[str, str]]:
    """Run a fresh stand-in platform for one measurement."""
    with sandbox_process("canopydeploy") as announced:
        yield announced


def plain_loop(path: Path) -> float:
    """Post everything without care; tell the seconds."""
    with sandbox() as announced, path.open(encoding="utf-8", newline="") as file:
        headers = {"Authorization": f"Bearer {announced['token']}"}
        began = time.perf_counter()
        rows = csv.DictReader(file)
        with httpx.Client(headers=headers) as client:
            while batch := list(islice(rows, BATCH)):
                records = [
                    {"identifier": row["email"], "segmentId": "1", "status": "NEW", **row}
                    for row in batch
                ]
                client.post(announced["rest"], content=json.dumps(records)).raise_for_status()
        return time.perf_counter() - began


def whole_sync(path: Path, folder: Path) -> tuple[float, int]:
    """Sync everything, from the start of the process to its end; tell seconds and peak in KiB."""
    with sandbox() as announced:
        (folder / "petiole.db").unlink(missing_ok=True)
        (folder / "petiole.toml").write_text(
            "[connections.bench]\n"
            'plugin = "canopydeploy"\n'
            f'endpoint = "{announced["rest"]}"\n'
            'token = { env = "PETIOLE_BENCH_TOKEN" }\n'
            'identifier = "hashed-email"\n'
        )
        command = [sys.executable, "-m", "petiole.host", "sync", "bench", str(path)]
        environment = {**os.environ, "PETIOLE_BENCH_TOKEN": announced["token"]}
        began = time.perf_counter()
        subprocess.run(
            [*command, "--segment", "1", "--key", "email"],
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        taken = time.perf_counter() - began
    return taken, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def main() -> None:
    """Measure the two in turn and print profiles a second."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as name:
        folder = Path(name)
        path = folder / "customers.csv"
        write(path, list(customers(range(rows))))
        print(f"{'':<12} {'profiles/s':>10} {'x loop':>7} {'peak MB':>8}   {rows:,} profiles")
        for _ in range(ROUNDS):
            loop = plain_loop(path)
            sync, peak_kib = whole_sync(path, folder)
            print(f"{'plain loop':<12} {rows / loop:>10,.0f} {1:>7.2f}")
            print(
                f"{'whole sync':<12} {rows / sync:>10,.0f} {loop / sync:>7.2f} "
                f"{peak_kib / 1024:>8.0f}"
            )


if __name__ == "__main__":
    main()

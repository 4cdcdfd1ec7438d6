"""Engagements per second through `petiole serve`, one a call, each durable before it is answered.

The twin, in this process, makes the people and what they do, and pushes it over kept-alive
connections; so sender and receiver share the machine.
Run it with: python -m tests.benchmarks.bench_receiver [people] [connections] [rounds]
"""

import re
import sys
import tempfile
from pathlib import Path

from petiole.plugins.canopydeploy.sandbox import running
from tests.e2e.project import TOKEN, Project
from tests.e2e.receiver import engage, exported, prepare, push, pushed, serving

SHARES = {"open": 0.5, "click": 0.2, "bounce": 0.02, "complaint": 0.001}


def measure(people: int, connections: int, rounds: int) -> None:
    """Print rate, latency and memory of each round; a round's events are new ones."""
    with tempfile.TemporaryDirectory() as folder, running(token=TOKEN) as sandbox:
        project = Project(Path(folder), sandbox)
        prepare(project, people=people)
        with serving(project) as (host, url):
            print(f"{'calls':>8} {'calls/s':>8} {'p50 ms':>7} {'p99 ms':>7} {'RSS MB':>7}")
            print(f"{'at start':>32} {resident_megabytes(host.pid):>7.1f}")
            for seed in range(rounds):
                engaged = engage(project, share=SHARES, seed=seed, content=f"Mail {seed}")
                push(
                    project,
                    url,
                    mailings=[engaged.mailing],
                    connections=connections,
                    timeout_seconds=60,
                )
                told = pushed(project, seconds=600)
                assert told.answered == {"200": told.calls}, told
                print(
                    f"{told.calls:>8,} {told.calls / told.seconds:>8,.0f} "
                    f"{told.latency_ms['p50']:>7} {told.latency_ms['p99']:>7} "
                    f"{resident_megabytes(host.pid):>7.1f}"
                )
        print(f"stored: {len(exported(project)):,}")


def resident_megabytes(process: int) -> float:
    """Tell how much memory a process holds."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1_024


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    measure(*(given + [5_000, 32, 3][len(given) :]))

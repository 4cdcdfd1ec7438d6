"""What a host costs that has nothing to do, and how soon it wakes.

`petiole run` serves one connection whose batches hold one profile; this process is the platform,
and the other one that queues changes. On Linux, where /proc tells what a process has used.
Run it with: python -m tests.benchmarks.bench_idle [--quick]
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from statistics import median

from petiole.core.domain.change import ChangeKind
from petiole.host import Host
from tests.benchmarks.loopback import answering_thread
from tests.benchmarks.table import Line, table

NAME = "bench"
SEGMENT = "4711"
TOKEN_VARIABLE = "PETIOLE_BENCH_TOKEN"
SETTLING_SECONDS = 2.0
"""Until a host that has just started is at rest."""
IDLE_SECONDS = 20.0
WAKES = 20
PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 10.0
MOST_SHARE = 0.005
"""Of one core."""
LONGEST_WAKE_MS = 50.0


@contextmanager
def running(folder: Path, url: str) -> Iterator[int]:
    """Run `petiole run` in a folder of its own; yield its process id once it waits for work."""
    (folder / "petiole.toml").write_text(
        f"[connections.{NAME}]\n"
        'plugin = "canopydeploy"\n'
        f'endpoint = "{url}"\n'
        f'token = {{ env = "{TOKEN_VARIABLE}" }}\n'
        'identifier = "customer-id"\n'
        'answer = "any"\n'
        "batch = { max_profiles = 1 }\n"
    )
    command = [sys.executable, "-m", "petiole.host", "run"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            process.stdout.readline()
            time.sleep(SETTLING_SECONDS)
            yield process.pid
        finally:
            process.terminate()


def cpu_seconds(process: int) -> float:
    """Tell what the threads of a process have used so far."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="ascii").split()[0]) for thread in threads) / 1e9


def idle_share(process: int, seconds: float) -> float:
    """Tell which share of a core it uses while nothing happens."""
    began, used = time.perf_counter(), cpu_seconds(process)
    time.sleep(seconds)
    return (cpu_seconds(process) - used) / (time.perf_counter() - began)


def wakes_ms(host: Host, arrivals: "SimpleQueue[float]", times: int) -> Sequence[float]:
    """Queue one change after the other; tell how long each call took from then to its arrival."""
    taken = []
    for number in range(times):
        time.sleep(PAUSE_SECONDS)
        host.submit([host.change(NAME, ChangeKind.ADD, str(number + 1), segment=SEGMENT)])
        queued = time.perf_counter()
        taken.append((arrivals.get(timeout=PATIENCE_SECONDS) - queued) * 1_000)
    return taken


def measure(*, quick: bool) -> Sequence[Line]:
    """Let a host rest, and then wake it again and again."""
    os.environ[TOKEN_VARIABLE] = "made-up"
    arrivals: SimpleQueue[float] = SimpleQueue()
    with (
        tempfile.TemporaryDirectory(prefix="petiole-bench-") as name,
        answering_thread(
            b"[]", "application/json", lambda: arrivals.put(time.perf_counter())
        ) as url,
        running(Path(name), url) as process,
    ):
        share = idle_share(process, 5.0 if quick else IDLE_SECONDS)
        with Host.open(Path(name) / "petiole.toml") as host:
            taken = wakes_ms(host, arrivals, 5 if quick else WAKES)
    return [
        Line(
            what="idle host",
            figure=f"{share:.2%} of a core",
            wanted=f"below {MOST_SHARE:.1%}",
            holds=share < MOST_SHARE,
        ),
        Line(what="wakes after an enqueue, median", figure=f"{median(taken):.1f} ms"),
        Line(
            what=f"the longest of {len(taken)}",
            figure=f"{max(taken):.1f} ms",
            wanted=f"within {LONGEST_WAKE_MS:.0f} ms",
            holds=max(taken) <= LONGEST_WAKE_MS,
        ),
    ]


def main() -> None:
    """Measure, and print a table."""
    print(table(measure(quick="--quick" in sys.argv)))


if __name__ == "__main__":
    main()

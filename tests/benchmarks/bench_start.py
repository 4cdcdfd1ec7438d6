"""How soon commands are done that have little to do, and what they hold in memory.

Each is timed from the start of its process to its end, with the bytecode of its modules written
before, as it is after an installation. Run it with: python -m tests.benchmarks.bench_start
"""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.audience import KEY, write
from tests.benchmarks.process import Finished, run
from tests.benchmarks.sink import running_sink
from tests.benchmarks.table import Line, table

RUNS = 11
QUICK_RUNS = 3
PROFILES = 1_000
HELP_SECONDS = 0.2
RUN_SECONDS = 0.6
SYNC_MB = 55
TOKEN_VARIABLE = "PETIOLE_BENCH_TOKEN"
PETIOLE = ("-m", "petiole.host")
ONCE = (*PETIOLE, "run", "--once")
SYNC = (*PETIOLE, "sync", "bench", "customers.csv", "--segment", "1", "--key", KEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What Python is given to run, where, and what it may take."""

    what: str
    arguments: Sequence[str]
    folder: Path
    anew: bool = False
    """Whether it meets no outbox; the others meet an empty one."""
    below_seconds: float | None = None
    below_mb: float | None = None

    def run(self, bytecode: Path) -> Finished:
        """Run it once."""
        for left in self.folder.glob("petiole.db*") if self.anew else ():
            left.unlink()
        environment = {
            TOKEN_VARIABLE: "made-up",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(bytecode),
        }
        return run([sys.executable, *self.arguments], cwd=self.folder, env=environment)

    def lines(self, runs: Sequence[Finished]) -> Iterator[Line]:
        """Tell the medians."""
        seconds = median(one.seconds for one in runs)
        yield Line(
            what=self.what,
            figure=f"{seconds:.3f} s",
            wanted=f"below {self.below_seconds} s" if self.below_seconds else "",
            holds=seconds < self.below_seconds if self.below_seconds else None,
        )
        mb = median(one.peaks_kib[0] for one in runs) / 1_024
        yield Line(
            what="  peak memory",
            figure=f"{mb:.1f} MB",
            wanted=f"below {self.below_mb} MB" if self.below_mb else "",
            holds=mb < self.below_mb if self.below_mb else None,
        )


def measure(*, quick: bool) -> Sequence[Line]:
    """Run the commands in turn, so that all meet the same weather."""
    with (
        running_sink() as url,
        _folder("batch", url) as batch,
        _folder("batch", url) as syncing,
        _folder("realtime", url) as realtime,
    ):
        commands = [
            Command(what="python -c pass", arguments=("-c", "pass"), folder=batch),
            Command(
                what="petiole --help",
                arguments=(*PETIOLE, "--help"),
                folder=batch,
                below_seconds=HELP_SECONDS,
            ),
            Command(what="petiole status", arguments=(*PETIOLE, "status"), folder=batch),
            Command(
                what="petiole run --once, batch",
                arguments=ONCE,
                folder=batch,
                below_seconds=RUN_SECONDS,
            ),
            Command(
                what="petiole run --once, realtime",
                arguments=ONCE,
                folder=realtime,
                below_seconds=RUN_SECONDS,
            ),
            Command(
                what=f"petiole sync, {PROFILES:,} profiles",
                arguments=SYNC,
                folder=syncing,
                anew=True,
                below_mb=SYNC_MB,
            ),
        ]
        runs = _in_turn(commands, batch / "bytecode", QUICK_RUNS if quick else RUNS)
    return [line for command in commands for line in command.lines(runs[command.what])]


def _in_turn(
    commands: Sequence[Command], bytecode: Path, times: int
) -> Mapping[str, Sequence[Finished]]:
    """Run each once to have bytecode, and then so many times more."""
    runs: dict[str, list[Finished]] = {command.what: [] for command in commands}
    for _ in range(times + 1):
        for command in commands:
            runs[command.what].append(command.run(bytecode))
    return {what: taken[1:] for what, taken in runs.items()}


@contextmanager
def _folder(lane: str, url: str) -> Iterator[Path]:
    """Make a folder with one connection, and with an audience for it."""
    address = "endpoint" if lane == "batch" else "soap_url"
    with tempfile.TemporaryDirectory(prefix="petiole-bench-") as name:
        folder = Path(name)
        (folder / "petiole.toml").write_text(
            "[connections.bench]\n"
            'plugin = "canopydeploy"\n'
            f'lane = "{lane}"\n'
            f'{address} = "{url}"\n'
            f'token = {{ env = "{TOKEN_VARIABLE}" }}\n'
            'identifier = "hashed-email"\n',
            encoding="utf-8",
        )
        write(folder / "customers.csv", PROFILES)
        yield folder


def main() -> None:
    """Measure, and print a table."""
    print(table(measure(quick=False)))


if __name__ == "__main__":
    main()

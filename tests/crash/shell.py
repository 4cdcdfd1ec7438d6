"""The command line, each call in a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from petiole.host.cli import main
from tests.crash.story import TOKEN
from tests.crash.victim import run
from tests.crash.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


def petiole(folder: Path, *arguments: str) -> Said:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        code = run(None, _command, folder, arguments, out, err)
        return Said(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _command(folder: Path, arguments: Sequence[str], out: Path, err: Path) -> None:
    os.environ["COLUMNS"] = "200"
    os.chdir(folder)
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    main(arguments)


@dataclass(frozen=True, slots=True)
class RunningHost:
    """`petiole run`, under way."""

    process: subprocess.Popen[bytes]
    err: Path

    def await_words(self, words: str) -> None:
        """Wait until it has said something on standard error."""
        wait_for(lambda: words in self.err.read_text(encoding="utf-8"))

    def end(self) -> int:
        """Tell it to end in good order."""
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def running_host(folder: Path, *, launcher: Sequence[str] = ()) -> Iterator[RunningHost]:
    """Start `petiole run`; it is killed at the latest when this is left."""
    with tempfile.TemporaryDirectory() as kept:
        err = Path(kept, "err")
        with err.open("wb") as sink:
            process = subprocess.Popen(
                [*launcher, sys.executable, "-m", "petiole.host", "run"],
                cwd=folder,
                env={**os.environ, "CANOPYDEPLOY_TOKEN": TOKEN, "COLUMNS": "200"},
                stdout=subprocess.DEVNULL,
                stderr=sink,
            )
        try:
            yield RunningHost(process, err)
        finally:
            process.kill()
            process.wait()

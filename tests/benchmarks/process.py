"""Processes measured from the outside, from their start to their end.

A fresh interpreter of 13 MB starts them and waits. Linux never says of a process that it held less
than the one that started it, so a benchmark that has grown would find its own peak in every child.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KIB_PER_MAXRSS = 1 / 1_024 if sys.platform == "darwin" else 1
"""In bytes on macOS, in KiB elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a pipeline of processes took; the lists hold one figure for each of them."""

    seconds: float
    peaks_kib: Sequence[int]
    cpus_seconds: Sequence[float]


def run(
    *pipeline: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None = None
) -> Finished:
    """Run commands, each of which reads what the one before it writes; the last one is not heard.

    Raises:
        CalledProcessError: one of them failed; what they said on standard error has been shown.
    """
    commands = json.dumps([[str(word) for word in command] for command in pipeline])
    finished = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(__file__).resolve()), commands],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    return Finished(**json.loads(finished.stdout))


def _measured(commands: Sequence[Sequence[str]]) -> Finished:
    began = time.perf_counter()
    processes: list[subprocess.Popen[bytes]] = []
    for position, command in enumerate(commands, start=1):
        above = processes[-1].stdout if processes else None
        out = subprocess.PIPE if position < len(commands) else subprocess.DEVNULL
        processes.append(subprocess.Popen(command, stdin=above or subprocess.DEVNULL, stdout=out))
        if above:
            above.close()
    usages = [_waited(process) for process in processes]
    return Finished(
        seconds=time.perf_counter() - began,
        peaks_kib=[round(usage.ru_maxrss * KIB_PER_MAXRSS) for usage in usages],
        cpus_seconds=[usage.ru_utime + usage.ru_stime for usage in usages],
    )


def _waited(process: subprocess.Popen[bytes]) -> resource.struct_rusage:
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return usage


def main() -> None:
    """Run the commands of the only argument, JSON, and tell what they took."""
    finished = _measured(json.loads(sys.argv[1]))
    told = {
        "seconds": finished.seconds,
        "peaks_kib": finished.peaks_kib,
        "cpus_seconds": finished.cpus_seconds,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

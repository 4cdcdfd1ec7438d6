"""Programs that take an audience file to a platform, as a user would start them."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from tests.benchmarks.audience import KEY
from tests.benchmarks.process import Finished, run
from tests.repository import ROOT

PEERS = ROOT / "tests" / "benchmarks" / "peers"
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
ENVIRONMENT: Mapping[str, str] = {
    "NO_PROXY": "127.0.0.1",
    "PETIOLE_BENCH_TOKEN": "bench",
    # Set in some containers: each start would compile the sources, each line of a pipe be flushed.
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONUNBUFFERED": "",
}
SETTINGS = """\
[connections.bench]
plugin = "canopydeploy"
endpoint = "{url}"
token = {{ env = "PETIOLE_BENCH_TOKEN" }}
identifier = "hashed-email"
"""

Contestant: TypeAlias = Callable[[Path, str, Path], Finished]
"""Takes a CSV file to a URL, and writes what it keeps into a folder."""


def petiole(path: Path, url: str, folder: Path) -> Finished:
    """Sync; again in the same folder, only what has changed since."""
    (folder / "petiole.toml").write_text(SETTINGS.format(url=url), encoding="utf-8")
    command = [sys.executable, "-m", "petiole.host", "sync", "bench", str(path)]
    return run([*command, "--segment", "1", "--key", KEY], cwd=folder, env=ENVIRONMENT)


def dlt(path: Path, url: str, folder: Path) -> Finished:
    """Run a pipeline into a destination function."""
    return run(_peer("dlt_destination", path, url), cwd=folder, env=ENVIRONMENT)


def singer(path: Path, url: str, folder: Path) -> Finished:
    """Pipe a tap into a target of Meltano's SDK."""
    tap, target = _peer("singer_tap", path), _peer("singer_target", url)
    return run(tap, target, cwd=folder, env=ENVIRONMENT)


def drained_apart(queue: str, messages: int) -> float:
    """Fill and drain a queue of so many messages; tell the seconds that the draining took."""
    drain = subprocess.run(
        _peer(f"{queue}_drain", str(messages)), stdout=subprocess.PIPE, check=True
    )
    return float(json.loads(drain.stdout)["seconds"])


def _peer(script: str, *arguments: str | Path) -> list[str]:
    if not PEERS_PYTHON.exists():
        sys.exit("the peers are not installed: make .venv-peers/.requirements, or run make bench")
    return [str(word) for word in (PEERS_PYTHON, PEERS / f"{script}.py", *arguments)]

"""What commands load: only what they need. How long it takes is for a benchmark to tell."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

UNNEEDED = (
    "dependency_injector.wiring",
    "granian",
    "httpx._main",
    "lxml",
    "multiprocessing",
    "numpy",
    "pyarrow",
    "pygments",
    "requests",
    "rich.console",
    "stamina",
    "standardwebhooks",
    "starlette",
    "werkzeug",
    "zeep",
)

RUN = """
import contextlib, json, sys
from petiole.host.cli import main

with contextlib.suppress(SystemExit):
    main(json.loads(sys.argv[1]))
loaded = [name for name in json.loads(sys.argv[2]) if sys.modules.get(name)]
print(json.dumps(loaded), file=sys.stderr)
"""


@pytest.fixture(params=["batch", "realtime"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A folder with one connection; the platform is not asked for anything."""
    address = "endpoint" if request.param == "batch" else "soap_url"
    (tmp_path / "petiole.toml").write_text(
        "[connections.newsletter]\n"
        'plugin = "canopydeploy"\n'
        f'lane = "{request.param}"\n'
        f'{address} = "http://127.0.0.1:9/"\n'
        'token = { env = "MADE_UP_TOKEN" }\n'
        'identifier = "customer-id"\n',
        encoding="utf-8",
    )
    (tmp_path / "few.csv").write_text("id,city\n1,Delft\n", encoding="utf-8")
    return tmp_path


def loaded(folder: Path, command: Sequence[str], names: Sequence[str]) -> Sequence[str]:
    """Run a command in a fresh interpreter, into pipes; tell which of the modules it has loaded."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(command), json.dumps(names)],
        cwd=folder,
        env={**os.environ, "MADE_UP_TOKEN": "made-up"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: Sequence[str] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "command",
    [
        ["run", "--once"],
        ["sync", "newsletter", "few.csv", "--segment", "4711", "--key", "id", "--queue-only"],
        ["status"],
        ["status", "--json"],
    ],
    ids=" ".join,
)
def test_command_loads_nothing_that_it_does_not_need(folder: Path, command: Sequence[str]) -> None:
    assert loaded(folder, command, UNNEEDED) == []

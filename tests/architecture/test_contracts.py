"""The import contracts hold, and each of them can fail."""

import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.repository import ROOT, SOURCE_ROOTS

# One forbidden import for each contract: where it is planted, and what it says.
PLANTS = {
    "arrows point inwards": ("core/petiole/core/errors.py", "import petiole.hooks"),
    "inside the core": ("core/petiole/core/errors.py", "import petiole.core.domain"),
    "adapters are strangers to each other": (
        "adapters/petiole/adapters/memory/__init__.py",
        "import petiole.adapters.files",
    ),
    "inside the CanopyDeploy adapters": (
        "adapters/petiole/adapters/canopydeploy/wire.py",
        "import petiole.adapters.canopydeploy.rest",
    ),
    "the core knows no database, threads or wires": (
        "core/petiole/core/errors.py",
        "import threading",
    ),
    "the suites and the zoo know ports only": (
        "plugins/petiole/testing/contracts/clock.py",
        "import petiole.adapters.memory",
    ),
    "the host knows no platform": (
        "plugins/petiole/host/registry.py",
        "import petiole.plugins.canopydeploy",
    ),
    "the sandbox stands alone": (
        "plugins/petiole/plugins/canopydeploy/sandbox/exchange.py",
        "import petiole.core.errors",
    ),
    "pluggy lives in the hooks and in discovery": (
        "plugins/petiole/host/registry.py",
        "import pluggy",
    ),
    "dependency-injector lives in the container": (
        "plugins/petiole/host/discovery.py",
        "import dependency_injector",
    ),
    "the host calls nobody itself": (
        "plugins/petiole/host/forwarding.py",
        "import httpx",
    ),
    "httpx lives in the adapters that call": (
        "adapters/petiole/adapters/files/__init__.py",
        "import httpx",
    ),
    "zeep lives in the CanopyDeploy adapters": (
        "adapters/petiole/adapters/webhook/__init__.py",
        "import zeep",
    ),
    "what serves the web lives in the host's web part": (
        "plugins/petiole/host/receiving.py",
        "import starlette",
    ),
    "sqlite-utils lives in the SQLite adapters": (
        "adapters/petiole/adapters/memory/__init__.py",
        "import sqlite_utils",
    ),
    "click lives in the command line, and the hook hands it to plugins": (
        "plugins/petiole/host/registry.py",
        "import click",
    ),
}

# Without site, the editable install of this very tree stays out of the way of the copy.
LINT = """
import sys
sys.path[:0] = sys.argv[1].split(":")
from importlinter.cli import lint_imports
sys.exit(lint_imports(config_filename=sys.argv[2], no_cache=True))
"""


def contracts() -> list[dict[str, Any]]:
    """Read the contracts as they stand in `pyproject.toml`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def broken_contracts(tree: Path) -> list[str]:
    """Check the tree and name the contracts that it breaks."""
    paths = [*(str(tree / root.name) for root in SOURCE_ROOTS), sysconfig.get_path("purelib")]
    finished = subprocess.run(
        [sys.executable, "-S", "-c", LINT, ":".join(paths), str(ROOT / "pyproject.toml")],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = [line.rsplit(" ", 1) for line in finished.stdout.splitlines() if " " in line]
    kept = [name for name, verdict in verdicts if verdict == "KEPT"]
    broken = [name for name, verdict in verdicts if verdict == "BROKEN"]
    assert len(kept) + len(broken) == len(contracts()), finished.stdout + finished.stderr
    return broken


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the source roots."""
    for root in SOURCE_ROOTS:
        shutil.copytree(root, tmp_path / root.name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_tree_breaks_no_contract(tree: Path) -> None:
    assert broken_contracts(tree) == []


def test_every_contract_has_a_plant() -> None:
    assert set(PLANTS) == {contract["name"] for contract in contracts()}


def test_no_contract_has_a_list_of_exceptions() -> None:
    assert [contract["name"] for contract in contracts() if "ignore_imports" in contract] == []


@pytest.mark.parametrize("name", PLANTS)
def test_planted_import_breaks_the_contract(tree: Path, name: str) -> None:
    file, line = PLANTS[name]
    module = tree / file
    module.write_text(f"{module.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")

    assert name in broken_contracts(tree)

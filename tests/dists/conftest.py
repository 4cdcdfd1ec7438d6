"""One clean environment: petiole from its wheel, and the plugins of strangers from theirs."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from petiole.host.scaffold import write_plugin
from tests.packaging.installation import Environment, bare_environment, install
from tests.repository import ROOT

HERE = Path(__file__).parent
RUNTIME = ROOT / "requirements" / "runtime.txt"


def build_wheel(project: Path, *, into: Path) -> Path:
    """Build a project's wheel with the backend that it names, offline."""
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, project],
        cwd=into,
        check=True,
        capture_output=True,
    )
    (wheel,) = into.glob("*.whl")
    return wheel


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Let the first worker that comes make a folder, and the others wait; tells who is first."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder.with_suffix(".made")
        yield not made.exists()
        made.touch()


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Environment:
    """Install petiole, `postbox` (setuptools) and `acme` (as `petiole new-plugin` writes it)."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "stranger"
    with once(folder) as first:
        if first:
            furnish(folder)
    return Environment(folder=folder / "venv")


def furnish(folder: Path) -> None:
    """Make the environment and install the wheels."""
    folder.mkdir()
    projects = {
        "petiole": ROOT,
        # setuptools builds beside its sources.
        "postbox": shutil.copytree(HERE / "postbox", folder / "postbox"),
        "acme": write_plugin("acme", folder),
    }
    environment = bare_environment(folder / "venv", requirements=RUNTIME)
    for name, project in projects.items():
        into = folder / f"{name}-wheel"
        into.mkdir()
        install(build_wheel(project, into=into), environment)

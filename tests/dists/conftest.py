"""One clean environment: petiole from its wheel, and the plugins of strangers from theirs."""

import shutil
import subprocess
import sys
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


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Install petiole, `postbox` (setuptools) and `acme` (as `petiole new-plugin` writes it)."""
    folder = tmp_path_factory.mktemp("stranger")
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
    return environment

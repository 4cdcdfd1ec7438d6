"""The Makefile, run in an empty checkout whose tools only say that they were called."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import ROOT

SETUP = {"python", "petiole"}
CHECKS = ("ruff", "mypy", "lint-imports", "pytest")


def tool(path: Path, *, status: int = 0) -> None:
    """Write a program that notes its call beside the Makefile and ends with the given status."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{path.name} $*" >> calls\nexit {status}\n', encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Lay out the files that make looks at, before anything is set up."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    for name in ("requirements/dev.txt", "pyproject.toml", "plugin.toml"):
        (tmp_path / name).touch()
    for name in (*SETUP, *CHECKS):
        tool(tmp_path / ".venv" / "bin" / name)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as a user's shell would, not as a part of the make that runs the tests."""
    inherited = {"DEMO_ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTEST_ARGS", "PYTHON"}
    environment = {name: text for name, text in os.environ.items() if name not in inherited}
    (checkout / "calls").write_text("", encoding="utf-8")
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def calls(checkout: Path) -> list[str]:
    """Name the programs that the last make called, in order."""
    lines = (checkout / "calls").read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[0] for line in lines]


def test_bare_make_lists_the_targets(checkout: Path) -> None:
    finished = make(checkout)

    assert calls(checkout) == []
    assert [name for name in ("setup", "demo", "test", "lock") if name not in finished.stdout] == []


def test_checks_run_in_order(checkout: Path) -> None:
    make(checkout, "setup")

    finished = make(checkout, "test")

    assert finished.returncode == 0, finished.stderr
    assert calls(checkout) == ["ruff", "ruff", "mypy", "lint-imports", "pytest"]


def test_first_failing_check_is_named_and_ends_the_run(checkout: Path) -> None:
    make(checkout, "setup")
    tool(checkout / ".venv" / "bin" / "mypy", status=1)

    finished = make(checkout, "test")

    assert finished.returncode != 0
    assert "make test: types failed" in finished.stderr
    assert calls(checkout) == ["ruff", "ruff", "mypy"]


def test_second_setup_does_nothing(checkout: Path) -> None:
    make(checkout, "setup")

    make(checkout, "setup")

    assert calls(checkout) == []


def test_changed_requirements_are_installed_again(checkout: Path) -> None:
    make(checkout, "setup")
    done = (checkout / ".venv" / ".installed").stat().st_mtime
    os.utime(checkout / "requirements" / "dev.txt", (done + 1, done + 1))

    make(checkout, "setup")

    installs = (checkout / "calls").read_text(encoding="utf-8")
    assert "--require-hashes" in installs
    assert "--editable" in installs


def test_changed_manifest_is_installed_again(checkout: Path) -> None:
    make(checkout, "setup")
    done = (checkout / ".venv" / ".installed").stat().st_mtime
    os.utime(checkout / "plugin.toml", (done + 1, done + 1))

    make(checkout, "setup")

    installs = (checkout / "calls").read_text(encoding="utf-8")
    assert "--require-hashes" not in installs
    assert "--editable" in installs


def test_old_python_is_refused_with_the_remedy(checkout: Path) -> None:
    tool(checkout / "python3.9", status=1)

    finished = make(checkout, "setup", "PYTHON=./python3.9")

    assert finished.returncode != 0
    assert "petiole needs Python 3.11 or newer" in finished.stderr
    assert "make PYTHON=" in finished.stderr


def test_demo_passes_its_arguments_on(checkout: Path) -> None:
    make(checkout, "setup")

    make(checkout, "demo", "DEMO_ARGS=--profiles 500")

    assert (checkout / "calls").read_text(encoding="utf-8") == "petiole demo --profiles 500\n"

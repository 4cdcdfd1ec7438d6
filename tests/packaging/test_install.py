"""petiole, installed the way its users and its contributors install it."""

import re
import tomllib
from pathlib import Path

from tests.packaging.installation import Environment
from tests.repository import ROOT

READ_DISTRIBUTION = """
from importlib import metadata
distribution = metadata.distribution("petiole")
(entry,) = distribution.entry_points.select(group="petiole")
print(entry.load().__name__, entry.load().__file__)
print(distribution.read_text("extra_metadata/plugin.toml"))
"""


def test_installed_command_runs_the_main_job(user: Environment, tmp_path: Path) -> None:
    finished = user.run("petiole", "demo", "--profiles", "500", cwd=tmp_path)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    rows = re.findall(r"^([a-z ]+?) {2,}([\d,]+)$", finished.stdout, flags=re.MULTILINE)
    first = {name: int(number.replace(",", "")) for name, number in reversed(rows)}
    assert first["added"] + first["dead"] == 500
    assert first["batches"] == 5
    assert first.keys() >= {"updated", "removed", "folded", "retried", "profiles per second"}


def test_installed_command_tells_its_version(user: Environment, tmp_path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    finished = user.run("petiole", "--version", cwd=tmp_path)

    assert finished.returncode == 0, finished.stderr
    assert project["version"] in finished.stdout


def test_user_needs_nothing_that_is_locked_for_contributors_only(
    user: Environment, tmp_path: Path
) -> None:
    finished = user.run("python", "-c", "import pytest", cwd=tmp_path)

    assert "ModuleNotFoundError" in finished.stderr


def test_wheel_install_shows_plugin_and_manifest(user: Environment, tmp_path: Path) -> None:
    finished = user.run("python", "-c", READ_DISTRIBUTION, cwd=tmp_path)

    first, _, manifest = finished.stdout.partition("\n")
    assert first.startswith(f"petiole.plugins.canopydeploy {user.folder}"), finished.stderr
    assert tomllib.loads(manifest) == tomllib.loads((ROOT / "plugin.toml").read_text("utf-8"))


def test_editable_install_shows_plugin_and_manifest(
    contributor: Environment, tmp_path: Path
) -> None:
    finished = contributor.run("python", "-c", READ_DISTRIBUTION, cwd=tmp_path)

    first, _, manifest = finished.stdout.partition("\n")
    assert first.startswith(f"petiole.plugins.canopydeploy {ROOT}"), finished.stderr
    assert tomllib.loads(manifest) == tomllib.loads((ROOT / "plugin.toml").read_text("utf-8"))

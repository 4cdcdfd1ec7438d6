"""`petiole new-plugin` writes a plugin that is sound as it stands, and nothing over anything."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from petiole.core.errors import InvalidSettings
from petiole.hooks import Manifest
from petiole.host.scaffold import write_plugin
from petiole.host.schema import manifest_schema
from tests.repository import SOURCE_ROOTS

SOURCES = os.pathsep.join(map(str, SOURCE_ROOTS))


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    return write_plugin("acme", tmp_path)


def tool(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool where the plugin lies, as its author would, on this checkout's petiole."""
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": f"{SOURCES}{os.pathsep}{cwd}", "MYPYPATH": SOURCES},
        capture_output=True,
        text=True,
        check=False,
    )


def test_plugin_is_one_module_one_test_module_and_what_goes_with_them(plugin: Path) -> None:
    written = {path.relative_to(plugin).as_posix() for path in plugin.rglob("*") if path.is_file()}

    assert plugin.name == "petiole-acme"
    assert written == {
        ".gitignore",
        "README.md",
        "petiole_acme.py",
        "plugin.toml",
        "pyproject.toml",
        "tests/test_petiole_acme.py",
    }


def test_no_placeholder_is_left(plugin: Path) -> None:
    left = [
        path.name
        for path in plugin.rglob("*")
        if path.is_file() and ("$" in path.read_text().replace("$ ", "") or "template" in path.name)
    ]

    assert left == []


def test_entry_point_and_manifest_name_the_plugin(plugin: Path) -> None:
    project = tomllib.loads((plugin / "pyproject.toml").read_text(encoding="utf-8"))
    text = (plugin / "plugin.toml").read_text(encoding="utf-8")

    assert project["project"]["name"] == "petiole-acme"
    assert project["project"]["entry-points"]["petiole"] == {"acme": "petiole_acme"}
    assert Manifest.read(text, origin="a test").id == "acme"
    Draft202012Validator(manifest_schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize("name", ["acme", "my-crm-2"])
@pytest.mark.parametrize("check", ["ruff check .", "ruff format --check ."])
def test_plugin_is_clean(tmp_path: Path, name: str, check: str) -> None:
    root = write_plugin(name, tmp_path)

    done = tool(*check.split(), "--no-cache", cwd=root)

    assert done.returncode == 0, done.stdout


def test_plugin_is_typed(plugin: Path) -> None:
    files = ["petiole_acme.py", "tests/test_petiole_acme.py"]
    how = ["--strict", "--explicit-package-bases", "--cache-dir", os.devnull]

    done = tool("mypy", *how, *files, cwd=plugin)

    assert done.returncode == 0, done.stdout


def test_tests_of_the_plugin_pass_as_written(plugin: Path) -> None:
    done = tool("pytest", "-p", "no:cacheprovider", "-q", cwd=plugin)

    assert done.returncode == 0, done.stdout
    assert " failed" not in done.stdout


def test_few_tests_are_skipped_as_written(plugin: Path) -> None:
    done = tool("pytest", "-p", "no:cacheprovider", "-q", cwd=plugin)

    [(passed, skipped)] = re.findall(r"(\d+) passed, (\d+) skipped", done.stdout)
    assert int(passed) > 4 * int(skipped)


def test_mutants_that_are_not_tried_are_told_apart(plugin: Path) -> None:
    done = tool("pytest", "-p", "no:cacheprovider", "-q", "--petiole-mutants", cwd=plugin)

    [(killed, of, untried)] = re.findall(
        r"^killed (\d+) of (\d+), (\d+) not tried$", done.stdout, re.MULTILINE
    )
    assert done.returncode == 0, done.stdout
    assert killed == of
    # "more than a third of them", as the README says.
    assert 1 / 3 < int(untried) / (int(of) + int(untried)) < 1 / 2


def test_plugin_comes_in_by_the_doors(plugin: Path) -> None:
    imported = {
        name
        for path in plugin.rglob("*.py")
        for name in re.findall(r"^from (petiole\.\S+) import", path.read_text(), re.MULTILINE)
    }

    assert imported == {"petiole.core", "petiole.hooks", "petiole.testing"}


BAD_NAMES = ["", "Acme", "acme_mail", "-acme", "acme-", "a--b", "9lives", "acme mail", "é", "."]


@pytest.mark.parametrize("name", [*BAD_NAMES, "../acme", "acme\n", "a" * 41])
def test_bad_name_is_refused_with_the_rule_and_an_example(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidSettings, match=r"lowercase letters.*such as acme"):
        write_plugin(name, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_prefix_in_the_name_is_told_about(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="`petiole new-plugin acme` writes petiole-acme"):
        write_plugin("petiole-acme", tmp_path)


@pytest.mark.parametrize("there", ["folder", "full folder", "file", "link"])
def test_what_is_there_stays_as_it_is(tmp_path: Path, there: str) -> None:
    root = tmp_path / "petiole-acme"
    match there:
        case "file":
            root.write_text("mine", encoding="utf-8")
        case "link":
            root.symlink_to(tmp_path / "elsewhere")
        case _:
            root.mkdir()
    if there == "full folder":
        (root / "plugin.toml").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(InvalidSettings, match="is there already; it was left as it is"):
        write_plugin("acme", tmp_path)

    assert sorted(tmp_path.rglob("*")) == before


COMMAND = [sys.executable, "-m", "petiole.host", "new-plugin"]


def test_command_asks_nothing_and_tells_the_next_steps(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "acme"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": SOURCES},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "cd petiole-acme && pip install -e '.[test]'" in done.stdout
    assert (tmp_path / "petiole-acme" / "plugin.toml").is_file()


def test_command_refuses_the_name_of_an_installed_plugin(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "canopydeploy"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": SOURCES},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "'canopydeploy' is installed already, by petiole" in done.stderr


def test_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    limited = json.dumps([*COMMAND, "acme"])
    script = (
        "import json, resource, subprocess, sys; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)); "
        f"sys.exit(subprocess.call({limited}))"
    )

    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": SOURCES, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "cannot write into petiole-acme: File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []

"""The locked requirements serve everybody: hashed, complete, silent about where they came from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.packaging.installation import locked_names
from tests.repository import ROOT

FILES = sorted((ROOT / "requirements").glob("*.txt"))
LINE = re.compile(
    r"[a-z0-9.-]+==[\w.]+( ; [\w\s'.<>=!()]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?"
)


def project() -> dict[str, list[str]]:
    """Read what the project declares that it needs."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = settings["project"]["dependencies"]
    return {"runtime": runtime, "dev": runtime + settings["dependency-groups"]["dev"]}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_locked_file_holds_pins_and_hashes_and_no_address(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()

    assert lines
    assert [line for line in lines if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_locked_file_pins_what_the_project_asks_for(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE))
    asked = [Requirement(line) for line in project()[name]]

    assert [str(one) for one in asked if pins.get(one.name, "") not in one.specifier] == []


def test_contributors_run_what_users_run() -> None:
    runtime, dev = (ROOT / "requirements" / name for name in ("runtime.txt", "dev.txt"))

    assert locked_names(runtime) <= locked_names(dev)

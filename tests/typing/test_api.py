"""The API has the types that it promises, seen from where only the package is installed."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

API = Path(__file__).with_name("api.py")
MISTAKES = """
from petiole.core.domain.report import DeliveryReport
from petiole.hooks import AdapterSpec, Secret
from petiole.host import Host
from petiole.testing import SinkStand


def mistakes(stand: SinkStand, host: Host) -> None:
    Secret("env")  # call-arg
    DeliveryReport({"1": True})  # dict-item
    AdapterSpec(id="acme.sink")  # call-arg
    stand.reject("7")  # arg-type
    host.sync("newsletter", "customers.csv")  # call-arg
    host.submit(["7"])  # list-item
    host.run_once(True)  # call-arg
"""
# mypy takes a Protocol for an abstract class wherever one is handed about as a value.
KNOWN_LIMIT = "type-abstract"
FINDING = re.compile(r"^([^:]+):(\d+): error: .*\[([a-z-]+)\]$", re.MULTILINE)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Sequence[tuple[str, int, str]]:
    """Check both as an outsider does; tell the file, line and code of each error."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "mistakes.py").write_text(MISTAKES, encoding="utf-8")
    (folder / "api.py").write_bytes(API.read_bytes())
    command = [sys.executable, "-m", "mypy", "--strict", "--disable-error-code", KNOWN_LIMIT]
    finished = subprocess.run(
        [*command, "--config-file", "", "api.py", "mistakes.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Found" in finished.stdout, finished.stdout + finished.stderr
    return [(file, int(line), code) for file, line, code in FINDING.findall(finished.stdout)]


def test_outsiders_code_is_well_typed(findings: Sequence[tuple[str, int, str]]) -> None:
    assert [finding for finding in findings if finding[0] != "mistakes.py"] == []


def test_mistakes_are_found(findings: Sequence[tuple[str, int, str]]) -> None:
    expected = {
        (number, line.rpartition("# ")[2])
        for number, line in enumerate(MISTAKES.splitlines(), start=1)
        if "  # " in line
    }

    assert {(line, code) for file, line, code in findings if file == "mistakes.py"} == expected

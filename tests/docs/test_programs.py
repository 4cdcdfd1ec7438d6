"""The page for programs is run as it stands."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from petiole.plugins.canopydeploy.sandbox import running
from tests.e2e.project import TOKEN, Project
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
SNAPSHOT, CHANGES, TASK = [part.split("```")[0] for part in PAGE.split("```python\n")[1:]]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with running(token=TOKEN) as sandbox:
        made = Project(tmp_path, sandbox)
        made.configure()
        yield made


def say(project: Project, code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_programs_do_what_the_page_says(project: Project) -> None:
    first = say(project, SNAPSHOT)
    second = say(project, CHANGES)
    again = say(project, CHANGES)

    assert first == "2 added, complete: True\n"
    assert second == "1 queued, 1 delivered\n"
    assert again == "0 queued, 0 delivered\n"
    assert project.ledger().profiles["1"] == {"id": "1", "city": "Lyon"}


def test_task_of_a_scheduler_tells_what_was_delivered(project: Project) -> None:
    (project.folder / "customers.csv").write_text("id\n1\n2\n", encoding="utf-8")

    told = say(project, f"{TASK}\nimport json\nprint(json.dumps(sync_customers('customers.csv')))")

    assert json.loads(told) == {"add": 2, "update": 0, "remove": 0}


def test_task_fails_where_rows_were_refused(project: Project) -> None:
    (project.folder / "customers.csv").write_text("id\n1\nnull\n", encoding="utf-8")

    with pytest.raises(subprocess.CalledProcessError) as failure:
        say(project, f"{TASK}\nsync_customers('customers.csv')")

    assert "1 rows refused" in failure.value.stderr

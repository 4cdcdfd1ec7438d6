"""A project folder with the twin beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from petiole.plugins.canopydeploy.sandbox import running
from tests.e2e.project import TOKEN, Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with running(token=TOKEN) as sandbox:
        made = Project(tmp_path, sandbox)
        made.configure()
        yield made

"""Distributions and environments, made once for all packaging tests."""

from pathlib import Path

import pytest

from tests.packaging.installation import (
    Environment,
    bare_environment,
    build,
    build_editable,
    install,
)
from tests.repository import ROOT

RUNTIME = ROOT / "requirements" / "runtime.txt"


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from it, as `make build` does."""
    sdist, wheel = sorted(
        build(into=tmp_path_factory.mktemp("dist")),
        key=lambda file: file.suffix,
    )
    return sdist, wheel


@pytest.fixture(scope="session")
def sdist(distributions: tuple[Path, Path]) -> Path:
    """Name the source distribution."""
    return distributions[0]


@pytest.fixture(scope="session")
def wheel(distributions: tuple[Path, Path]) -> Path:
    """Name the wheel that was built from the source distribution."""
    return distributions[1]


@pytest.fixture(scope="session")
def user(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Install the wheel the way a user does, with the locked runtime requirements alone."""
    folder = tmp_path_factory.mktemp("user") / "venv"
    environment = bare_environment(folder, requirements=RUNTIME)
    install(wheel, environment)
    return environment


@pytest.fixture(scope="session")
def contributor(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Install the checkout editable."""
    folder = tmp_path_factory.mktemp("contributor")
    environment = bare_environment(folder / "venv", requirements=RUNTIME)
    editable = build_editable(into=folder)
    install(editable, environment)
    return environment

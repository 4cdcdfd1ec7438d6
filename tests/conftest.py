"""What every test shares: a quiet environment, hypothesis' profiles, the real customer files."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.repository import SHARED_DATA

# No deadline: the machine that runs the checks also runs other things.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

FOREIGN = ("canopydeploy_", "petiole_", "clicolor", "columns", "force_color", "no_color")


@pytest.fixture(autouse=True, scope="session")
def quiet_environment() -> Iterator[None]:
    """Keep proxies, tokens and display wishes of the shell away from the program under test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.lower().endswith("_proxy") or name.lower().startswith(FOREIGN):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Find the real customer files, which lie beside the repository and never in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the customer files lie beside the repository, and are not here")
    return SHARED_DATA

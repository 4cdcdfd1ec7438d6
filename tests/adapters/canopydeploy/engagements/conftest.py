"""The secrets that the connections of these tests refer to."""

import pytest

from tests.adapters.canopydeploy.engagements.made import (
    CLIENT_SECRET,
    CLIENT_VARIABLE,
    PASSWORD,
    PASSWORD_VARIABLE,
)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    monkeypatch.setenv(CLIENT_VARIABLE, CLIENT_SECRET)

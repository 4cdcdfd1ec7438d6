"""The token that the connections of these tests refer to."""

import pytest

from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)

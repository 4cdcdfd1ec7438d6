"""The token that the connections of these tests refer to, and the platform's twin."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE
from tests.adapters.canopydeploy.recording import Stage
from tests.adapters.canopydeploy.stand import Door
from tests.adapters.canopydeploy.twin import control


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.fixture(scope="module")
def twin() -> Iterator[Sandbox]:
    with running(token=TOKEN) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(twin: Sandbox) -> Sandbox:
    """The twin as it starts; what it holds back, it holds for 5 seconds."""
    control(twin, "reset", {})
    control(twin, "settings", {"hold_seconds": 5})
    return twin


@pytest.fixture
def recorded_twin(record_mode: str) -> Iterator[Sandbox | None]:
    """The twin while recording, nothing while replaying."""
    if record_mode == "none":
        yield None
        return
    with running(token=TOKEN) as sandbox:
        yield sandbox


@pytest.fixture
def stage(recorded_twin: Sandbox | None) -> Stage:
    def steer(how: Callable[[Sandbox], object]) -> None:
        if recorded_twin:
            how(recorded_twin)

    return steer


@pytest.fixture(scope="module")
def network() -> Iterator[httpx.BaseTransport]:
    with httpx.HTTPTransport() as network:
        yield network


@pytest.fixture
def door(network: httpx.BaseTransport) -> Door:
    return Door(network)

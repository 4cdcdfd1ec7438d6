"""The pytest plugin: fixtures for tests of flows, and the option that lets the zoo out.

It is loaded in every test run of whoever has petiole installed, so that each fixture imports what
it needs only when it is asked for, none acts by itself, and yours of the same name go before these.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from petiole.adapters.memory import FrozenClock
    from petiole.core.ports.outbox import Outbox
    from petiole.host import Host
    from petiole.testing.platform import MemoryPlatform

OPTION = "--petiole-mutants"


@pytest.fixture
def clock() -> "FrozenClock":
    """Give a clock that stands still until the test advances it."""
    from petiole.adapters.memory import FrozenClock

    return FrozenClock()


@pytest.fixture
def outbox(clock: "FrozenClock") -> "Outbox":
    """Give an empty outbox in memory that goes by `clock`."""
    from petiole.adapters.memory import MemoryStore

    return MemoryStore(clock=clock).outbox


@pytest.fixture
def platform() -> "MemoryPlatform":
    """Give a platform in memory: its `sink`, what it holds, and the troubles it can make."""
    from petiole.testing.platform import MemoryPlatform

    return MemoryPlatform()


@pytest.fixture
def petiole_connections() -> Mapping[str, object]:
    """Name the connections of `host` as `petiole.toml` does; override it to open your plugin."""
    from petiole.testing.throwaway import CONNECTIONS

    return CONNECTIONS


@pytest.fixture
def host(
    tmp_path: Path,
    clock: "FrozenClock",
    platform: "MemoryPlatform",
    petiole_connections: Mapping[str, object],
) -> "Iterator[Host]":
    """Open a host on a temporary SQLite file, in virtual time.

    It knows every installed plugin and one more, "memory", whose sink is that of `platform`: that
    is where the connection "newsletter" leads unless `petiole_connections` is overridden.
    """
    from petiole.testing.throwaway import open_test_host

    with open_test_host(
        tmp_path, clock=clock, sink=platform.sink, connections=petiole_connections
    ) as opened:
        yield opened


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the option."""
    parser.getgroup("petiole").addoption(
        OPTION,
        action="store_true",
        help="break the adapters of your contract suites in every way there is in the zoo of "
        "petiole.testing, and fail where no test notices",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the zoo out where that is asked for."""
    if config.getoption(OPTION):
        from petiole.testing.mutants import MutantRun

        config.pluginmanager.register(MutantRun(config), "petiole-mutants")

"""A place for the file, and runners on it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from tests.contracts.stores import refuse_loose_ends


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "petiole.db"


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def opened(path: Path, clock: FrozenClock) -> Iterator[Callable[[], SqliteStore]]:
    """Start one more runner."""
    with ExitStack() as runners:
        yield lambda: runners.enter_context(open_store(path, clock=clock))
    refuse_loose_ends(path)


@pytest.fixture
def store(opened: Callable[[], SqliteStore]) -> SqliteStore:
    return opened()

"""Stands that several suites share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.stores import MemoryStand, SqliteStand


@pytest.fixture
def memory_stand() -> MemoryStand:
    return MemoryStand()


@pytest.fixture
def sqlite_stand(tmp_path: Path) -> Iterator[SqliteStand]:
    stand = SqliteStand(tmp_path / "petiole.db")
    yield stand
    stand.close()

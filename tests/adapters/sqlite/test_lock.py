"""Locks: waited for with patience, and never left behind."""

import fcntl
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from petiole.adapters.sqlite.lock import FileLock
from petiole.core.errors import OutboxBusy

LONG = timedelta(seconds=30)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "petiole.db.lock"


@contextmanager
def held_elsewhere(place: Path) -> Iterator[int]:
    file = os.open(place, os.O_RDWR | os.O_CREAT)
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield file
    finally:
        os.close(file)


def test_waiting_ends_with_patience(place: Path) -> None:
    with (
        held_elsewhere(place),
        closing(FileLock(place, patience=timedelta())) as lock,
        pytest.raises(OutboxBusy, match=r"keeps .*petiole\.db\.lock for too long"),
        lock.held(),
    ):
        pass


def test_who_gave_up_may_wait_again(place: Path) -> None:
    with closing(FileLock(place, patience=timedelta(milliseconds=1))) as lock:
        with held_elsewhere(place):
            for _ in range(3):
                with pytest.raises(OutboxBusy):
                    lock.held().__enter__()

        with closing(FileLock(place, patience=LONG)) as other, other.held():
            pass
        with lock.held():
            pass


def test_lock_is_got_as_soon_as_it_is_free(place: Path) -> None:
    with closing(FileLock(place, patience=LONG)) as lock, ThreadPoolExecutor(1) as pool:
        with held_elsewhere(place):
            waiting = pool.submit(lock.held().__enter__)
        waiting.result()


def test_threads_take_turns(place: Path) -> None:
    inside: list[int] = []

    def enter(who: int) -> bool:
        with closing(FileLock(place, patience=LONG)) as lock:
            alone = []
            for _ in range(50):
                with lock.held():
                    inside.append(who)
                    alone.append(inside == [who])
                    inside.remove(who)
            return all(alone)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(enter, range(4))) == [True] * 4


def test_who_does_not_need_it_goes_on_without(place: Path) -> None:
    with (
        held_elsewhere(place) as file,
        closing(FileLock(place, patience=LONG)) as lock,
        lock.held_if_free(),
    ):
        os.fstat(file)

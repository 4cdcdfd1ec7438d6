"""Runners: several on one file, and what becomes of the work of those that die."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.core.domain.batching import BatchPolicy
from petiole.core.errors import ConfigurationError
from petiole.testing.changes import change
from petiole.testing.contracts.runs import ALL, NEWSLETTER, claim, fill, numbers, settle
from tests.repository import ROOT, SOURCE_ROOTS

Opened = Callable[[], SqliteStore]

CLAIM_AND_WAIT = """
import sys, time
from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.testing.contracts.runs import claim
with open_store(sys.argv[1], clock=FrozenClock()) as store:
    print(len(claim(store)[0].messages), flush=True)
    time.sleep(600)
"""


def runner_files(path: Path) -> set[str]:
    return {file.name for file in path.parent.glob("petiole.db.runner-*")}


@contextmanager
def runner_elsewhere(path: Path) -> "Iterator[subprocess.Popen[str]]":
    """A runner in a process of its own that has claimed a batch."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM_AND_WAIT, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": ":".join(map(str, [*SOURCE_ROOTS, ROOT]))},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "3"
        try:
            yield process
        finally:
            process.kill()


def test_batches_of_a_killed_process_are_recovered_at_once(path: Path, store: SqliteStore) -> None:
    fill(store, 1, 3)
    with runner_elsewhere(path) as process:
        while_it_lives = store.outbox.backlog(NEWSLETTER, ALL)
        assert list(claim(store)) == []

        process.kill()
        process.wait()

        after = store.outbox.backlog(NEWSLETTER, ALL)
        [found] = claim(store)

    assert (while_it_lives.in_flight, while_it_lives.abandoned) == (1, 0)
    assert (after.in_flight, after.abandoned) == (0, 1)
    assert (numbers(found), found.recovered) == ([1, 2, 3], True)


def test_file_of_a_killed_runner_is_cleared_away_by_the_next(
    path: Path, store: SqliteStore
) -> None:
    fill(store, 1, 3)
    with runner_elsewhere(path) as process:
        left = runner_files(path)
        process.kill()
        process.wait()

    claim(store)

    assert len(left) == 1
    assert len(runner_files(path)) == 1
    assert not left & runner_files(path)


def test_runner_is_seen_from_its_first_claim_to_its_end(path: Path, clock: FrozenClock) -> None:
    with open_store(path, clock=clock) as store:
        before = runner_files(path)
        claim(store)
        during = runner_files(path)
        claim(store)
        still = runner_files(path)

    assert (len(before), len(during), during == still) == (0, 1, True)
    assert runner_files(path) == set()


def test_runner_bears_the_name_that_it_was_given(path: Path, clock: FrozenClock) -> None:
    with open_store(path, clock=clock, owner="night-shift") as store:
        claim(store)

        [name] = runner_files(path)

    assert name.startswith("petiole.db.runner-night-shift-")


@pytest.mark.parametrize("name", ["a/b", "../x", "", " ", "x" * 65, "-x"])
def test_name_that_is_no_file_name_is_refused(path: Path, clock: FrozenClock, name: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="is no name for a runner"),
        open_store(path, clock=clock, owner=name),
    ):
        pass


def test_restarted_runner_of_the_same_name_is_another(path: Path, clock: FrozenClock) -> None:
    with open_store(path, clock=clock, owner="relay") as first:
        fill(first, 1, 3)
        [lost] = claim(first)

    with open_store(path, clock=clock, owner="relay") as second:
        [found] = claim(second)
        assert (found.epoch, found.recovered) == (lost.epoch + 1, True)
        assert settle(second, lost) == [lost.id]


def test_live_runner_is_not_cleared_away_by_another(path: Path, opened: Opened) -> None:
    first, second = opened(), opened()
    fill(first, 1, 2)
    claim(first, policy=BatchPolicy(max_profiles=1))

    claim(second)

    assert len(runner_files(path)) == 2
    assert first.outbox.backlog(NEWSLETTER, ALL).in_flight == 2


def test_runners_at_work_at_once_share_without_overlap(path: Path, clock: FrozenClock) -> None:
    with open_store(path, clock=clock) as store:
        fill(store, 1, 400)

    def work(_: int) -> list[int]:
        sent: list[int] = []
        with open_store(path, clock=clock) as mine:
            while batches := claim(mine, policy=BatchPolicy(max_profiles=7)):
                sent += numbers(batches[0])
                settle(mine, batches[0])
        return sent

    with ThreadPoolExecutor(3) as pool:
        sent = [number for part in pool.map(work, range(3)) for number in part]

    assert sorted(sent) == list(range(1, 401))


def test_producers_at_once_all_get_their_turn(path: Path, clock: FrozenClock) -> None:
    def produce(first: int) -> None:
        with open_store(path, clock=clock) as mine:
            for number in range(first, first + 40):
                mine.outbox.enqueue([change(number)], folding=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(produce, (0, 100, 200, 300)))

    with open_store(path, clock=clock) as store:
        assert store.bookkeeping.audit(NEWSLETTER).enqueued == 160

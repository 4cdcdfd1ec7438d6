"""How many threads a connection gets."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from unittest.mock import patch

import pytest

from petiole.adapters.system.pool import LOOK_SECONDS, Failed, Load, Pool

SOON = 30.0
"""Seconds, far more than anything here takes."""
IDLE, IDLE_BUT_FOR_TWO, HALF, SATURATED = 0.0, 0.4, 0.5, 1.0
WAITING = 20


class Stand:
    """A pool whose tasks last until they are released, or compute for as long as they last."""

    def __init__(self, limit: int = 16, *, prompt: bool = False) -> None:
        self.results: SimpleQueue[str | Failed] = SimpleQueue()
        self.gate = threading.Semaphore(0)
        self.pool = Pool[str]("counted", limit, done=self.results.put, prompt=prompt)

    def submit(self, number: int, task: Callable[[], str] | None = None) -> None:
        for _ in range(number):
            self.pool.submit(task or self._waiting)

    def release(self, number: int) -> None:
        """Let tasks end, and see them do it."""
        self.gate.release(number)
        for _ in range(number):
            self.results.get(timeout=SOON)

    @property
    def threads(self) -> int:
        name = "petiole-counted-"
        return sum(thread.name.startswith(name) for thread in threading.enumerate())

    def close(self) -> None:
        self.gate.release(10 * WAITING)
        self.pool.dismiss()
        self.pool.join(time.monotonic() + SOON)

    def _waiting(self) -> str:
        self.gate.acquire()
        return "done"


def computing() -> str:
    """Do nothing but compute, for two milliseconds of the thread's own time."""
    until = time.thread_time() + 0.002
    while time.thread_time() < until:
        pass
    return "computed"


def dawdling() -> str:
    """Wait as a slow platform makes it wait."""
    time.sleep(0.05)
    return "late"


@pytest.fixture
def stand() -> Iterator[Stand]:
    stand = Stand()
    yield stand
    stand.close()


def test_one_thread_starts_at_once(stand: Stand) -> None:
    before = stand.threads
    stand.submit(WAITING)

    assert (before, stand.threads) == (0, 1)


def test_prompt_pool_starts_a_thread_for_each_task_up_to_the_limit() -> None:
    prompt = Stand(3, prompt=True)
    counted = []
    for _ in range(5):
        prompt.submit(1)
        counted.append(prompt.threads)
    prompt.close()

    assert counted == [1, 2, 3, 3, 3]


def test_where_no_more_threads_can_be_had_those_that_are_there_go_on(stand: Stand) -> None:
    stand.submit(WAITING)
    with patch.object(threading.Thread, "start", side_effect=RuntimeError("no more threads")):
        stand.pool.grow(IDLE)

    assert stand.threads == 1
    stand.release(WAITING)


def test_idle_process_starts_as_many_as_are_allowed(stand: Stand) -> None:
    stand.submit(WAITING)

    stand.pool.grow(IDLE)

    assert stand.threads == 16


def test_no_more_start_than_tasks_wait(stand: Stand) -> None:
    stand.submit(5)
    wait_until(lambda: stand.pool._tasks.qsize() == 4)

    stand.pool.grow(IDLE)

    assert stand.threads == 5


def test_half_busy_process_bears_some_more(stand: Stand) -> None:
    stand.submit(WAITING)
    stand.pool.grow(IDLE_BUT_FOR_TWO)

    stand.pool.grow(HALF)

    assert stand.threads == 3


def test_saturated_process_starts_none_before_a_call_may_have_ended(stand: Stand) -> None:
    stand.submit(WAITING)
    stand.pool._began = time.monotonic()

    stand.pool.grow(SATURATED)

    assert stand.threads == 1


def test_saturated_process_starts_some_where_the_first_call_does_not_end(stand: Stand) -> None:
    stand.submit(WAITING)
    stand.pool._began = time.monotonic() - 20 * LOOK_SECONDS

    stand.pool.grow(SATURATED)

    assert stand.threads == 16


@pytest.mark.parametrize(
    ("tasks", "threads"),
    [
        ([computing] * 16, 1),
        ([dawdling] * 4, 16),
        ([computing] + [dawdling] * 17, 16),
    ],
    ids=["quick", "slow", "slow for some time now"],
)
def test_saturated_process_starts_more_only_for_a_slow_platform(
    stand: Stand, tasks: Sequence[Callable[[], str]], threads: int
) -> None:
    for task in tasks:  # one at a time: the quickest is kept from computing by nobody
        stand.submit(1, task)
        stand.results.get(timeout=SOON)
    stand.submit(WAITING)

    stand.pool.grow(SATURATED)

    assert stand.threads == threads


def test_pool_is_short_while_tasks_wait_below_the_limit(stand: Stand) -> None:
    stand.submit(1)
    wait_until(stand.pool._tasks.empty)
    enough = stand.pool.is_short
    stand.submit(WAITING)
    short = stand.pool.is_short
    stand.pool.grow(IDLE)

    assert (enough, short, stand.pool.is_short) == (False, True, False)


def test_load_is_told_for_a_span_that_says_something() -> None:
    now, used = [100.0], [7.0]
    with (
        patch("petiole.adapters.system.pool.time.monotonic", lambda: now[0]),
        patch("petiole.adapters.system.pool.time.process_time", lambda: used[0]),
    ):
        load = Load()
        told = [load.latest()]  # of a time of which nothing is known
        for seconds, burnt in ((LOOK_SECONDS / 2, 0.0), (LOOK_SECONDS, 0.0075), (3600, 1.0)):
            now[0] += seconds
            used[0] += burnt
            told.append(load.latest())

    assert told == [1.0, None, pytest.approx(0.5), 1.0]


def wait_until(holds: Callable[[], bool]) -> None:
    """Give threads the time to come as far."""
    until = time.monotonic() + SOON
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.001)

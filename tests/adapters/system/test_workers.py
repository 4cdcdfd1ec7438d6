"""Threads for deliveries."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from petiole.adapters.system import ThreadWorkers

SOON = timedelta(seconds=30)
"""Far more than anything here takes: a limit for a broken build, never waited for."""
AT_ONCE = timedelta()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Hold tasks back until it is set; it always is in the end."""
    event = threading.Event()
    yield event
    event.set()


def held_by(gate: threading.Event, result: str) -> Callable[[], str]:
    def task() -> str:
        gate.wait()
        return result

    return task


def collected(workers: ThreadWorkers[str], count: int) -> list[str]:
    results: list[str] = []
    while len(results) < count:
        batch = workers.collect(SOON)
        assert batch, "no result came in time"
        results += batch
    return results


def started_while_collecting(
    workers: ThreadWorkers[str], started: threading.Semaphore, *, within: float = 30
) -> bool:
    """Tell whether one more task starts while results are waited for."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if started.acquire(blocking=False):
            return True
        workers.collect(timedelta(milliseconds=1))
    return False


def test_results_come_back() -> None:
    with ThreadWorkers[str]() as workers:
        for number in range(50):
            workers.submit("newsletter", lambda number=number: f"{number}")  # type: ignore[misc] # mypy infers no type for its default

        results = collected(workers, 50)

    assert sorted(results, key=int) == [str(number) for number in range(50)]


def test_slow_connection_does_not_slow_another(gate: threading.Event) -> None:
    with ThreadWorkers[str](default=2) as workers:
        for _ in range(10):
            workers.submit("slow", held_by(gate, "slow"))
        workers.submit("quick", lambda: "quick")

        first = workers.collect(SOON)
        gate.set()

        assert first == ["quick"]
        assert collected(workers, 10) == ["slow"] * 10


def test_no_more_tasks_of_a_connection_run_than_allowed(gate: threading.Event) -> None:
    started = threading.Semaphore(0)

    def task() -> str:
        started.release()
        gate.wait()
        return ""

    with ThreadWorkers[str]({"newsletter": 3}, default=9) as workers:
        for _ in range(8):
            workers.submit("newsletter", task)
        running = [started_while_collecting(workers, started) for _ in range(3)]
        fourth = started_while_collecting(workers, started, within=0.1)
        gate.set()
        collected(workers, 8)

    assert all(running)
    assert not fourth


def test_tasks_of_a_prompt_connection_wait_for_nothing_but_the_limit() -> None:
    barrier = threading.Barrier(5)

    def task() -> str:
        barrier.wait(timeout=SOON.total_seconds())
        return "met"

    with ThreadWorkers[str](default=4, prompt=["newsletter"]) as workers:
        for _ in range(4):
            workers.submit("newsletter", task)

        barrier.wait(timeout=SOON.total_seconds())  # before anything is collected

        assert collected(workers, 4) == ["met"] * 4


def test_rare_looks_are_enough_for_a_slow_connection(gate: threading.Event) -> None:
    running = threading.Semaphore(0)

    def task() -> str:
        running.release()
        gate.wait()
        return "late"

    with ThreadWorkers[str](default=3) as workers:
        for _ in range(3):
            workers.submit("newsletter", task)
        for _ in range(3):
            time.sleep(0.15)
            workers.collect(AT_ONCE)

        assert all(running.acquire(timeout=SOON.total_seconds()) for _ in range(3))
        gate.set()
        assert collected(workers, 3) == ["late"] * 3


def test_tasks_run_at_the_same_time() -> None:
    barrier = threading.Barrier(4)

    def task() -> str:
        barrier.wait(timeout=SOON.total_seconds())
        return "met"

    with ThreadWorkers[str](default=4) as workers:
        for _ in range(4):
            workers.submit("newsletter", task)

        assert collected(workers, 4) == ["met"] * 4


def test_collecting_without_waiting_may_give_nothing(gate: threading.Event) -> None:
    with ThreadWorkers[str]() as workers:
        workers.submit("newsletter", held_by(gate, "late"))

        nothing = workers.collect(AT_ONCE)
        also_nothing = workers.collect(timedelta(seconds=-1))
        gate.set()

        assert nothing == also_nothing == []
        assert collected(workers, 1) == ["late"]


def test_wait_may_be_longer_than_any_clock() -> None:
    with ThreadWorkers[str]() as workers:
        workers.submit("newsletter", lambda: "done")

        assert workers.collect(timedelta.max) == ["done"]


def test_task_that_raises_comes_to_light_after_the_results_before_it() -> None:
    def broken() -> str:
        raise ZeroDivisionError

    with ThreadWorkers[str](default=1) as workers:
        workers.submit("newsletter", lambda: "fine")
        workers.submit("newsletter", broken)
        workers.submit("newsletter", lambda: "fine too")

        assert collected(workers, 1) == ["fine"]
        with pytest.raises(ZeroDivisionError):
            workers.collect(SOON)
        assert collected(workers, 1) == ["fine too"]


def test_closing_drops_what_was_not_started(gate: threading.Event) -> None:
    started = threading.Event()
    ran: list[str] = []

    def first() -> str:
        started.set()
        gate.wait()
        return ""

    def second() -> str:
        ran.append("second")
        return ""

    workers = ThreadWorkers[str](default=1)
    workers.submit("newsletter", first)
    workers.submit("newsletter", second)
    started.wait()
    closing = threading.Thread(target=workers.close)
    closing.start()
    closing.join(timeout=SOON.total_seconds())
    gate.set()

    assert not closing.is_alive()
    assert ran == []


def test_closed_workers_take_nothing() -> None:
    workers = ThreadWorkers[str]()
    workers.close()

    with pytest.raises(RuntimeError, match="closed"):
        workers.submit("newsletter", lambda: "")


def test_closing_twice_is_harmless() -> None:
    with ThreadWorkers[str]() as workers:
        workers.submit("newsletter", lambda: "")
        workers.close()


@pytest.mark.parametrize("limits", [{"default": 0}, {"max_in_flight": {"newsletter": 0}}])
def test_connection_without_workers_is_refused(limits: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        ThreadWorkers(**limits)  # type: ignore[arg-type]  # keywords by name


def test_running_task_does_not_hold_up_the_end_of_the_process() -> None:
    script = """
import threading
from petiole.adapters.system import ThreadWorkers
workers = ThreadWorkers()
workers.submit("newsletter", threading.Event().wait)
raise KeyboardInterrupt
"""

    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, timeout=30
    )

    assert ended.returncode != 0
    assert ended.stderr.splitlines()[-1] == b"KeyboardInterrupt"


def test_waiting_ends_when_another_thread_wakes() -> None:
    with ThreadWorkers[str]() as workers:
        waker = threading.Timer(0.05, workers.wake)
        waker.start()

        results = workers.collect(SOON)

        waker.join()
    assert results == []
    assert waker.finished.is_set()


def test_next_collecting_returns_at_once_after_a_wake(gate: threading.Event) -> None:
    with ThreadWorkers[str]() as workers:
        workers.submit("newsletter", held_by(gate, "sent"))
        workers.wake()

        woken = workers.collect(SOON)
        gate.set()

        assert woken == []
        assert collected(workers, 1) == ["sent"]


def test_wakes_cost_no_result() -> None:
    with ThreadWorkers[str](default=1) as workers:
        for number in range(5):
            workers.wake()
            workers.submit("newsletter", lambda number=number: f"{number}")  # type: ignore[misc] # mypy infers no type for its default
            workers.wake()

        results: list[str] = []
        while len(results) < 5:
            results += workers.collect(SOON)

    assert results == ["0", "1", "2", "3", "4"]


def test_signal_handler_may_wake() -> None:
    workers = ThreadWorkers[str]()
    before = signal.signal(signal.SIGUSR1, lambda *_: workers.wake())
    try:
        timer = threading.Timer(0.05, os.kill, [os.getpid(), signal.SIGUSR1])
        timer.start()

        assert workers.collect(SOON) == []

        timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
        workers.close()

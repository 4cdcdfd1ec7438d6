import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from petiole.plugins.canopydeploy.sandbox.pace import Pace


def pace(*, parallel: int = 1, queue: int = 0) -> Pace:
    return Pace(parallel=lambda: parallel, queue=lambda: queue)


def test_calls_up_to_the_limit_run_at_the_same_time() -> None:
    limit = pace(parallel=2)

    with limit.turn("a") as first, limit.turn("a") as second, limit.turn("a") as third:
        assert (first, second, third) == (True, True, False)


def test_turn_that_ended_makes_room() -> None:
    limit = pace()

    for _ in range(3):
        with limit.turn("a") as admitted:
            assert admitted


def test_call_that_fails_makes_room_too() -> None:
    limit = pace()

    with pytest.raises(LookupError), limit.turn("a"):
        raise LookupError

    with limit.turn("a") as admitted:
        assert admitted


def test_callers_do_not_share_a_limit() -> None:
    limit = pace()

    with limit.turn("a") as first, limit.turn("b") as second:
        assert first
        assert second


def test_waiting_calls_run_one_after_the_other_and_none_is_lost() -> None:
    limit = pace(parallel=3, queue=50)
    guard = threading.Lock()
    running = 0
    peak = 0
    barrier = threading.Barrier(3)

    def call(number: int) -> bool:
        nonlocal running, peak
        with limit.turn("a") as admitted:
            with guard:
                running += 1
                peak = max(peak, running)
            if number < 3:
                barrier.wait()
            with guard:
                running -= 1
            return admitted

    with ThreadPoolExecutor(30) as pool:
        admitted = list(pool.map(call, range(30)))

    assert all(admitted)
    assert peak == 3


def test_call_beyond_the_queue_is_turned_away_at_once() -> None:
    limit = pace(parallel=1, queue=1)
    waiting = threading.Event()
    release = threading.Event()

    def hold() -> bool:
        with limit.turn("a") as admitted:
            waiting.set()
            release.wait()
            return admitted

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        waiting.wait()
        second = pool.submit(hold)
        while not limit.waiting("a"):
            """The second call is on its way into the queue."""
        with limit.turn("a") as third:
            assert not third
        release.set()

        assert first.result()
        assert second.result()

"""The threads of one connection: the slower its platform, the more of them, up to a limit.

Where a platform answers at once, threads only wait for each other, and keep the dispatcher waiting
(tests/benchmarks/bench_drain.py). How slow a platform is, shows when it is called.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeAlias, TypeVar

Result = TypeVar("Result")

LOOK_SECONDS = 0.01
"""How long the load is watched before more threads start."""
FULL = 0.85
"""Of one core: with more to do, Python has no time for another thread."""
_IDLE = 0.01
_SHORTEST = 1e-6
"""Seconds that a task computes at least, since nothing is divided by none."""
_LATEST = 16
"""Tasks from which is told how slow the platform is."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A task raised, which the port forbids: a bug that must come to light."""

    error: BaseException


_Task: TypeAlias = Callable[[], Result]


class Load:
    """How much of one core this process uses."""

    def __init__(self) -> None:
        self._since = 0.0
        self._used = 0.0

    def latest(self) -> float | None:
        """Tell the load since the last time, or 1 if that was too long ago to tell of it.

        Nothing before the load was watched for long enough.
        """
        now, used = time.monotonic(), time.process_time()
        seconds, burnt = now - self._since, used - self._used
        if seconds < LOOK_SECONDS:
            return None
        self._since, self._used = now, used
        return burnt / seconds if seconds < 10 * LOOK_SECONDS else 1.0


class Pool(Generic[Result]):
    """Runs tasks on daemon threads, in the order in which they came."""

    def __init__(
        self,
        name: str,
        limit: int,
        *,
        done: Callable[[Result | Failed], None],
        prompt: bool = False,
    ) -> None:
        """Take the limit; with `prompt` each task starts a thread until there are so many."""
        self._name = name
        self._limit = limit
        self._done = done
        self._few = limit if prompt else 1
        self._tasks: SimpleQueue[_Task[Result] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._began = time.monotonic()
        self._took: deque[tuple[float, float]] = deque(maxlen=_LATEST)
        """Seconds, and those of them that the thread computed."""

    def submit(self, task: _Task[Result]) -> None:
        """Run a task as soon as a thread is free."""
        self._tasks.put(task)
        if len(self._threads) < self._few:
            self._start()

    @property
    def is_short(self) -> bool:
        """Whether tasks wait that more threads could run."""
        return len(self._threads) < self._limit and not self._tasks.empty()

    def grow(self, load: float) -> None:
        """Start as many threads as tasks wait for, and as the process or the platform bears.

        A process that uses a tenth of what it can would use all of it with ten times the threads.
        One that has no time left may be busy with other things: then as many pay as calls fit into
        the time that one of them waits.
        """
        there = len(self._threads)
        borne = there * FULL / max(load, _IDLE) if load < FULL else 0
        wanted = min(there + self._tasks.qsize(), max(borne, self._fitting()), self._limit)
        with suppress(RuntimeError):  # the system has no more threads for us
            while len(self._threads) < int(wanted):
                self._start()

    def dismiss(self) -> None:
        """Drop what has not been started, and let the threads end."""
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, until: float) -> None:
        """Wait for the threads, until some moment of the monotonic clock."""
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))

    def _fitting(self) -> float:
        """Tell how many calls can be computed while the quickest of the latest is under way.

        As long as none has ended, the first one is taken to compute no longer than a look.
        """
        took = tuple(self._took) or ((time.monotonic() - self._began, LOOK_SECONDS),)
        seconds, computed = min(took)
        return seconds / max(computed, _SHORTEST)

    def _start(self) -> None:
        name = f"petiole-{self._name}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            began, computed = time.monotonic(), time.thread_time()
            result: Result | Failed
            try:
                result = task()
            except BaseException as error:  # noqa: BLE001 - raised again where results are collected
                result = Failed(error)
            self._took.append((time.monotonic() - began, time.thread_time() - computed))
            self._done(result)
            del task, result  # a waiting thread keeps no batch alive

"""Threads that deliver: a pool for each connection, so that a slow one never slows another."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Generic, Self, TypeAlias, TypeVar

Result = TypeVar("Result")

DEFAULT_MAX_IN_FLIGHT = 4
CLOSING_PATIENCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A task raised, which the port forbids: a bug that must come to light."""

    error: BaseException


class _Woken:
    """Somebody wants `collect` to return."""


_WOKEN = _Woken()
_Task: TypeAlias = Callable[[], Result]
_Results: TypeAlias = "SimpleQueue[Result | _Failed | _Woken]"


class ThreadWorkers(Generic[Result]):
    """Runs tasks on daemon threads, at most so many at once for each connection.

    Threads start when there is work for them. Being daemons, they do not hold up the end of the
    process; a message whose call is cut off then stays claimed until its lease ends.
    """

    def __init__(
        self,
        max_in_flight: Mapping[str, int] | None = None,
        *,
        default: int = DEFAULT_MAX_IN_FLIGHT,
    ) -> None:
        """Take the limits; `default` holds for connections that `max_in_flight` does not name."""
        limits = dict(max_in_flight or {})
        if any(limit < 1 for limit in (default, *limits.values())):
            raise ValueError("every connection needs at least one worker")
        self._limits = limits
        self._default = default
        self._pools: dict[str, _Pool[Result]] = {}
        self._results: _Results[Result] = SimpleQueue()
        self._failed: _Failed | None = None
        self._closed = False

    def submit(self, connection: str, task: Callable[[], Result]) -> None:
        """Start a task soon; waits in line where the connection's workers are busy."""
        if self._closed:
            raise RuntimeError("the workers are closed")
        pool = self._pools.get(connection)
        if pool is None:
            limit = self._limits.get(connection, self._default)
            pool = self._pools[connection] = _Pool(connection, limit, self._results)
        pool.submit(task)

    def collect(self, timeout: timedelta) -> list[Result]:
        """Hand over all results there are, waiting up to `timeout` for the first one.

        Raises whatever a task raised, after the results that came before it were handed over.
        """
        results: list[Result] = []
        # Locks refuse a negative wait, and one beyond the limit of the platform's clock.
        wait = min(max(timeout.total_seconds(), 0.0), threading.TIMEOUT_MAX)
        with suppress(Empty):
            while self._failed is None:
                result = self._results.get(timeout=wait)
                wait = 0.0
                if isinstance(result, _Failed):
                    self._failed = result
                elif not isinstance(result, _Woken):
                    results.append(result)
        if self._failed and not results:
            failed, self._failed = self._failed, None
            raise failed.error
        return results

    def wake(self) -> None:
        """Let `collect` return at once, or the next one; safe even in a signal handler."""
        self._results.put(_WOKEN)

    def close(self) -> None:
        """Drop what has not been started, and give running tasks a moment to end."""
        self._closed = True
        for pool in self._pools.values():
            pool.dismiss()
        until = time.monotonic() + CLOSING_PATIENCE.total_seconds()
        for pool in self._pools.values():
            pool.join(until)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class _Pool(Generic[Result]):
    """The threads of one connection."""

    def __init__(self, name: str, limit: int, results: "_Results[Result]") -> None:
        self._name = name
        self._limit = limit
        self._results = results
        self._tasks: SimpleQueue[_Task[Result] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def submit(self, task: "_Task[Result]") -> None:
        self._tasks.put(task)
        if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
            name = f"petiole-{self._name}-{len(self._threads) + 1}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def dismiss(self) -> None:
        with suppress(Empty):
            while True:
                self._tasks.get_nowait()
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, until: float) -> None:
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            result: Result | _Failed
            try:
                result = task()
            except BaseException as error:  # noqa: BLE001 - raised again where results are collected
                result = _Failed(error)
            self._results.put(result)
            del task, result  # a waiting thread keeps no batch alive
            self._idle.release()

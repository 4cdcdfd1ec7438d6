"""Threads that deliver: a pool for each connection, so that a slow one never slows another."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Generic, Self, TypeAlias, TypeVar

from petiole.adapters.system.pool import LOOK_SECONDS, Failed, Load, Pool

Result = TypeVar("Result")

DEFAULT_MAX_IN_FLIGHT = 4
CLOSING_PATIENCE = timedelta(seconds=1)


class _Woken:
    """Somebody wants `collect` to return."""


_WOKEN = _Woken()
_Told: TypeAlias = Result | Failed | _Woken


class ThreadWorkers(Generic[Result]):
    """Runs tasks on daemon threads, at most so many at once for each connection.

    Threads start when there is work for them; all but the first start while results are collected,
    where they pay. Being daemons, they do not hold up the end of the process; a message whose call
    is cut off then stays claimed until its lease ends.
    """

    def __init__(
        self,
        max_in_flight: Mapping[str, int] | None = None,
        *,
        default: int = DEFAULT_MAX_IN_FLIGHT,
        prompt: Collection[str] = (),
    ) -> None:
        """Take the limits; `default` holds for connections that `max_in_flight` does not name.

        Tasks of the connections in `prompt` wait for nothing but the limit.
        """
        limits = dict(max_in_flight or {})
        if any(limit < 1 for limit in (default, *limits.values())):
            raise ValueError("every connection needs at least one worker")
        self._limits = limits
        self._default = default
        self._prompt = prompt
        self._pools: dict[str, Pool[Result]] = {}
        self._results: SimpleQueue[_Told[Result]] = SimpleQueue()
        self._load = Load()
        self._failed: Failed | None = None
        self._closed = False

    def submit(self, connection: str, task: Callable[[], Result]) -> None:
        """Start a task soon; waits in line where the connection's workers are busy."""
        if self._closed:
            raise RuntimeError("the workers are closed")
        pool = self._pools.get(connection)
        if pool is None:
            limit = self._limits.get(connection, self._default)
            pool = self._pools[connection] = Pool(
                connection, limit, done=self._results.put, prompt=connection in self._prompt
            )
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
                result = self._next(wait)
                wait = 0.0
                if isinstance(result, Failed):
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

    def _next(self, wait: float) -> _Told[Result]:
        """Wait for the next result, and see to it meanwhile that no task is short of threads."""
        while short := [pool for pool in self._pools.values() if pool.is_short]:
            if (load := self._load.latest()) is not None:
                for pool in short:
                    pool.grow(load)
            try:
                return self._results.get(timeout=min(wait, LOOK_SECONDS))
            except Empty:
                wait -= LOOK_SECONDS
                if wait <= 0:
                    raise
        return self._results.get(timeout=wait)

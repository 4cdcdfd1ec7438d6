"""Workers that need no threads."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Generic, TypeVar

from petiole.adapters.memory.clock import FrozenClock

Result = TypeVar("Result")


class InlineWorkers(Generic[Result]):
    """Runs each task where it is submitted; waiting for results takes virtual time only."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock
        self._results: list[Result] = []
        self._woken = False

    def submit(self, connection: str, task: Callable[[], Result]) -> None:  # noqa: ARG002 - the port's signature
        """Run the task now and keep its result."""
        self._results.append(task())

    def collect(self, timeout: timedelta) -> Sequence[Result]:
        """Hand over what there is; with nothing there, advance the clock by the whole `timeout`."""
        results, self._results = self._results, []
        woken, self._woken = self._woken, False
        if not results and not woken:
            self._clock.advance(max(timeout, timedelta()))
        return results

    def wake(self) -> None:
        """Let the next `collect` pass no time."""
        self._woken = True

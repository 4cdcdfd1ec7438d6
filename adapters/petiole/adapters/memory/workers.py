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

    def submit(self, connection: str, task: Callable[[], Result]) -> None:  # noqa: ARG002 - the port's signature
        """Run the task now and keep its result."""
        self._results.append(task())

    def collect(self, timeout: timedelta) -> Sequence[Result]:
        """Hand over what there is; with nothing there, advance the clock by the whole `timeout`."""
        results, self._results = self._results, []
        if not results:
            self._clock.advance(timeout)
        return results

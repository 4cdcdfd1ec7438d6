"""The pace limit: so many calls of one token at a time, so many waiting, and no more.

Documented by the vendor: 25 running, 100 queued, then 429 without a Retry-After.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Lane:
    running: int = 0
    waiting: int = 0


class Pace:
    """Counts the calls under way per caller; the limits are asked for each time."""

    def __init__(self, *, parallel: Callable[[], int], queue: Callable[[], int]) -> None:
        self._parallel = parallel
        self._queue = queue
        self._turn = threading.Condition()
        self._lanes: dict[str, _Lane] = {}

    @contextmanager
    def turn(self, caller: str) -> Iterator[bool]:
        """Wait for a turn; yield False at once if the queue is full."""
        if not self._enter(caller):
            yield False
            return
        try:
            yield True
        finally:
            self._leave(caller)

    def running(self, caller: str) -> int:
        """Return how many calls have their turn."""
        with self._turn:
            lane = self._lanes.get(caller)
            return lane.running if lane else 0

    def waiting(self, caller: str) -> int:
        """Return how many calls wait for their turn."""
        with self._turn:
            lane = self._lanes.get(caller)
            return lane.waiting if lane else 0

    def _enter(self, caller: str) -> bool:
        with self._turn:
            lane = self._lanes.setdefault(caller, _Lane())
            if lane.running >= self._parallel():
                if lane.waiting >= self._queue():
                    return False
                lane.waiting += 1
                self._turn.wait_for(lambda: lane.running < self._parallel())
                lane.waiting -= 1
            lane.running += 1
        return True

    def _leave(self, caller: str) -> None:
        with self._turn:
            lane = self._lanes[caller]
            lane.running -= 1
            if lane.waiting:
                self._turn.notify_all()
            elif not lane.running:
                del self._lanes[caller]

"""Virtual time: what is to happen when, and nothing in between."""

from collections.abc import Callable
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from petiole.adapters.memory import FrozenClock


class Timeline:
    """Events by the machine's uptime, whatever becomes of the time of day."""

    def __init__(self, clock: FrozenClock) -> None:
        self.clock = clock
        self._events: list[tuple[timedelta, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Let something happen in so many seconds."""
        at = self.clock.uptime() + timedelta(seconds=max(seconds, 0))
        heappush(self._events, (at, next(self._numbers), act))

    @property
    def next_at(self) -> timedelta | None:
        """When the next event is."""
        return self._events[0][0] if self._events else None

    def step(self) -> None:
        """Let the time of the next event come, and it happen."""
        at, _, act = heappop(self._events)
        self.clock.advance(max(at - self.clock.uptime(), timedelta()))
        act()

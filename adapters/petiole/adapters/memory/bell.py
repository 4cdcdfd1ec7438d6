"""A bell for the runners of one process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from petiole.adapters.memory.state import MemoryState


class MemoryBell:
    """Rung through a `MemoryState`, on the thread of whoever rings."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    @contextmanager
    def listen(self, wake: Callable[[], None]) -> Iterator[bool]:
        """Call `wake` at every ring until the context is left; every ring can be heard."""
        with self._state.lock:
            self._state.listeners.append(wake)
        try:
            yield True
        finally:
            with self._state.lock:
                self._state.listeners.remove(wake)

"""Ctrl-C and SIGTERM: finish what is in the air, keep the rest, and say so."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether somebody asked to stop. A second request stops at once."""

    def __init__(self, stop: Callable[[], None]) -> None:
        self.requested = False
        self._stop = stop

    def request(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal."""
        del frame
        if self.requested:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.requested = True
        self._stop()


@contextmanager
def interruptible(stop: Callable[[], None]) -> Iterator[Interrupt]:
    """Catch SIGINT and SIGTERM while inside; the first one calls `stop`."""
    interrupt = Interrupt(stop)
    before = {
        number: signal.signal(number, interrupt.request)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

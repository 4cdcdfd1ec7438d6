"""Ctrl-C and SIGTERM: finish what is in the air, keep the rest, and say so."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether somebody asked to stop. A second request stops at once."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self) -> bool:
        """Tell whether to stop; the relay asks often."""
        return self.requested

    def request(self, number: int, frame: FrameType | None) -> None:
        """Take note of a signal."""
        del frame
        if self.requested:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.requested = True


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Catch SIGINT and SIGTERM while inside."""
    interrupt = Interrupt()
    before = {
        number: signal.signal(number, interrupt.request)
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], bool]) -> None:
    """Ask again and again, for a minute at most."""
    for _ in range(3_000):
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to that")

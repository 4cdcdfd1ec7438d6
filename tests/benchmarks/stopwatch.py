"""What a piece of work took this process, all of its threads taken together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Took:
    """Filled in when the work is done."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def timed() -> Iterator[Took]:
    """Measure what happens inside."""
    took = Took()
    began, cpu = time.perf_counter(), time.process_time()
    yield took
    took.seconds, took.cpu_seconds = time.perf_counter() - began, time.process_time() - cpu

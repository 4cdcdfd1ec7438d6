"""A copy of this process that reads on, on a core of its own, while this one compares.

Python runs one thread of a process at a time: a thread that reads keeps the others waiting.
Measured by `tests/benchmarks/bench_sync.py`.
"""

import ctypes
import fcntl
import gc
import io
import os
import pickle
import select
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import nullcontext, suppress
from itertools import islice
from typing import IO, Generic, NoReturn, Self, TypeVar, cast

from petiole.core.errors import AudienceError, PetioleError

Page = TypeVar("Page")

FEW_PAGES = 2
"""So many are read here in any case: most inputs have no more, and are soon read."""
PAGES_WAITING = 40
"""So many, beyond what the pipe holds, the copy keeps until they are asked for."""
PIPE_BYTES = 1024 * 1024
"""Some pages; more is for privileged users."""
_PR_SET_PDEATHSIG = 1
"""For `prctl`: the signal that a process gets when its parent ends (sys/prctl.h)."""


class _End:
    """There are no more pages."""


def read_ahead(pages: Iterator[Page]) -> Generator[Page]:
    """Yield the pages; after the first few, another process reads them, and ends with this.

    It begins at once, and some pages ahead it waits until they are taken. There is none with a
    single core, where processes cannot be copied as they are, or beside threads, whose locks would
    be copied, too.

    Raises:
        AudienceError: the other process was ended from outside; else what reading raises.
    """
    reading = _reading(pages)
    next(reading)
    return cast("Generator[Page]", reading)


def _reading(pages: Iterator[Page]) -> Generator[Page | None]:
    """Yield nothing, once reading has begun, and then the pages."""
    first = deque(islice(pages, FEW_PAGES))
    copy = _Copy.begin(pages) if len(first) == FEW_PAGES and _may_copy() else None
    with copy or nullcontext():
        yield None
        while first:
            yield first.popleft()
        yield from copy.pages() if copy else pages


def _may_copy() -> bool:
    if sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1:
        return False
    return threading.enumerate() == [threading.current_thread()]


class _Copy(Generic[Page]):
    """The other process, as this one sees it; it is there until it is left."""

    def __init__(self, process: int, pipe: IO[bytes]) -> None:
        self._process = process
        self._pipe = pipe

    @classmethod
    def begin(cls, pages: Iterator[Page]) -> Self | None:
        """Copy this process, and let the copy read pages; `None` if there is no room for one."""
        source, sink = os.pipe()
        with suppress(OSError):
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        parent = os.getpid()
        try:
            process = os.fork()
        except OSError:
            os.close(source)
            os.close(sink)
            return None
        if process == 0:
            os.close(source)
            _read_on(pages, sink, parent)
        os.close(sink)
        return cls(process, os.fdopen(source, "rb"))

    def pages(self) -> Iterator[Page]:
        """Yield what it reads.

        Raises:
            AudienceError: it was ended from outside; else what reading raises.
        """
        while True:
            try:
                told = pickle.load(self._pipe)  # noqa: S301 - a copy of this process wrote it
            except (EOFError, pickle.UnpicklingError):
                raise AudienceError(
                    "the process that reads the input was ended from outside, maybe for want of "
                    "memory; nothing was queued: try again"
                ) from None
            if isinstance(told, _End):
                return
            if isinstance(told, Exception):
                raise told
            yield told

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._pipe.close()
        with suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)


def _read_on(pages: Iterator[object], sink: int, parent: int) -> NoReturn:
    """Read in the copy, which never goes back to what this process was doing."""
    try:
        _end_with(parent)
        gc.freeze()  # garbage is looked for only among what is new
        os.set_blocking(sink, False)
        waiting: deque[memoryview] = deque()
        for told in _told(pages):
            waiting.append(_pickled(told))
            _hand_over(waiting, sink, PAGES_WAITING)
        _hand_over(waiting, sink, 0)
    finally:
        os._exit(0)


def _pickled(told: object) -> memoryview:
    """Pickle in half the time: without looking whether anything in a page is there twice."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.fast = True
    pickler.dump(told)
    return buffer.getbuffer()


def _hand_over(waiting: deque[memoryview], sink: int, most: int) -> None:
    """Write what the pipe takes; no more than so many are left to wait for it."""
    while waiting:
        try:
            written = os.write(sink, waiting[0])
        except BlockingIOError:
            if len(waiting) <= most:
                return
            select.select([], [sink], [])
        else:
            whole = waiting.popleft()
            if written < len(whole):
                waiting.appendleft(whole[written:])


def _end_with(parent: int) -> None:
    """Let the copy end when this process does and at no key: it has its locked files open, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _told(pages: Iterator[object]) -> Iterator[object]:
    """Yield the pages, and then how that ended."""
    try:
        yield from pages
    except Exception as error:  # noqa: BLE001 - raised again where the pages are wanted
        if not isinstance(error, PetioleError):
            error.add_note(traceback.format_exc())
        yield error
    else:
        yield _End()

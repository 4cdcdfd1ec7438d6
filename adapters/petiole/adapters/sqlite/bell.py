"""The bell: a pipe for each listener in a directory beside the database; who rings writes a byte.

Nobody polls: a listener sleeps in the kernel until it is rung for, and to ring where nobody listens
costs one look for a directory that is not there.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

from petiole.adapters.sqlite.lock import PRIVATE

_PRIVATE_DIRECTORY = 0o700
_BEING_MADE = "."
_MANY_RINGS_BYTES = 4_096
_TRIES = 3


class SqliteBell:
    """Rings for all listeners of a database, in this process and in others."""

    def __init__(self, database: Path) -> None:
        self._directory = database.with_name(f"{database.name}.bell")

    def ring(self) -> None:
        """Wake all listeners; silently goes without any of them that cannot be reached."""
        with suppress(OSError):
            for path in self._directory.iterdir():
                if not path.name.startswith(_BEING_MADE):
                    _ring(path)

    @contextmanager
    def listen(self, wake: Callable[[], None]) -> Iterator[bool]:
        """Call `wake`, on a thread of its own, at every ring until the context is left.

        Yields false where there cannot be pipes.
        """
        try:
            pipe = self._pipe()
        except OSError:
            yield False
            return
        left = Event()
        listener = Thread(
            target=_wait, args=(pipe.outlet, wake, left), name="petiole-bell", daemon=True
        )
        listener.start()
        try:
            yield True
        finally:
            left.set()
            _put(pipe.inlet)
            listener.join()
            pipe.close()
            with suppress(OSError):
                self._directory.rmdir()

    def _pipe(self) -> "_Pipe":
        """Make a pipe. The directory may be cleared away at any moment by who listened before."""
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):
                self._directory.mkdir(mode=_PRIVATE_DIRECTORY, exist_ok=True)
                return _made(self._directory)
        raise FileNotFoundError(self._directory)


@dataclass(frozen=True, slots=True)
class _Pipe:
    """Both ends of one: its inlet is kept open, so that the outlet never runs dry for good."""

    path: Path
    outlet: int
    inlet: int

    def close(self) -> None:
        with suppress(OSError):
            self.path.unlink()
        os.close(self.inlet)
        os.close(self.outlet)


def _made(directory: Path) -> _Pipe:
    """Give a pipe its name only when it is being read: one that is not is of a dead listener."""
    name = uuid4().hex
    path, making = directory / name, directory / f"{_BEING_MADE}{name}"
    os.mkfifo(making, PRIVATE)
    try:
        outlet = os.open(making, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        inlet = os.open(making, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        os.set_blocking(outlet, True)
        making.rename(path)
    except OSError:
        with suppress(OSError):
            making.unlink()
        raise
    return _Pipe(path, outlet, inlet)


def _wait(outlet: int, wake: Callable[[], None], left: Event) -> None:
    while True:
        os.read(outlet, _MANY_RINGS_BYTES)
        if left.is_set():
            return
        wake()


def _ring(path: Path) -> None:
    try:
        inlet = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            with suppress(OSError):
                path.unlink()
        return
    try:
        _put(inlet)
    finally:
        os.close(inlet)


def _put(inlet: int) -> None:
    """Write a byte; a pipe that is full rings anyway."""
    with suppress(OSError):
        os.write(inlet, b"\n")

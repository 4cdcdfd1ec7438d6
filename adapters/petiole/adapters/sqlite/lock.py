"""Locks on files: the kernel queues those who wait, and releases what a dead process held."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Lock, Thread

from petiole.core.errors import OutboxBusy

PRIVATE = 0o600


class FileLock:
    """A lock that processes and threads wait for nearly in the order in which they came.

    SQLite's own busy handler lets one writer starve another for seconds. Not for network file
    systems, as little as a write-ahead log is.
    """

    def __init__(self, path: Path, *, patience: timedelta) -> None:
        self._path = path
        self._patience_seconds = patience.total_seconds()
        self._file = open_private(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it.

        Raises:
            OutboxBusy: whoever holds it does not let go of it.
        """
        if not self._take():
            self._queue()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def held_if_free(self) -> Iterator[None]:
        """Hold the lock if nobody else does; go on without it at once otherwise."""
        if not self._take():
            yield
            return
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; it stays where it is, for others may wait at it."""
        os.close(self._file)

    def _take(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _queue(self) -> None:
        """Wait in the kernel's queue, on a thread of its own: only that can be left waiting."""
        place = _Place(self._file)
        waiter = Thread(target=place.wait, name="petiole-lock", daemon=True)
        waiter.start()
        waiter.join(self._patience_seconds)
        if place.give_up():
            self._file = open_private(self._path)
            raise OutboxBusy(
                f"another runner keeps {self._path} for too long; if it was suspended, let it go on"
            )


class _Place:
    """One place in the queue for a lock."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._deciding = Lock()
        self._is_taken = False
        self._is_given_up = False

    def wait(self) -> None:
        """Wait for the lock; if nobody wants it any more by then, let go of it with the file."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        with self._deciding:
            self._is_taken = True
            if self._is_given_up:
                os.close(self._file)

    def give_up(self) -> bool:
        """Leave the queue with the file that waits in it, unless the lock was got by now."""
        with self._deciding:
            self._is_given_up = not self._is_taken
        return self._is_given_up


def open_private(path: Path) -> int:
    """Open a file, creating it for its owner's eyes only."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)

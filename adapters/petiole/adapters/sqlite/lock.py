"""Locks on files: the kernel queues those who wait, and releases what a dead process held."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE = 0o600


class FileLock:
    """A lock that processes and threads wait for nearly in the order in which they came.

    SQLite's own busy handler lets one writer starve another for seconds. Not for network file
    systems, as little as a write-ahead log is.
    """

    def __init__(self, path: Path) -> None:
        self._file = open_private(path)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Wait for the lock and hold it."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the file; it stays where it is, for others may wait at it."""
        os.close(self._file)


def open_private(path: Path) -> int:
    """Open a file, creating it for its owner's eyes only."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)

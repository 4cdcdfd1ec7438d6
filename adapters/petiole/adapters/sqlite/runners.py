"""Who is alive: each runner holds a lock on a small file of its own for as long as it lives."""

import fcntl
import os
import re
from glob import escape
from pathlib import Path
from uuid import uuid4

from petiole.adapters.sqlite.faults import lacks_room
from petiole.adapters.sqlite.lock import open_private
from petiole.core.errors import ConfigurationError, OutboxBusy, OutboxError

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Runners:
    """This runner, and whether others live.

    A killed process loses its lock at once, so that its batches can be taken over without waiting
    for their leases.
    """

    def __init__(self, database: Path, label: str | None) -> None:
        label = "runner" if label is None else label
        if not _LABEL.fullmatch(label):
            raise ConfigurationError(
                f"{label!r} is no name for a runner; use letters, digits, dot, dash and underscore"
            )
        self.own = f"{label}-{uuid4().hex}"
        """Never used twice, so that a restarted runner is told from its predecessor."""
        self._database = database
        self._file: int | None = None

    def announce(self) -> None:
        """Be seen from now on, and clear away what dead runners left.

        Called inside a write transaction, so that two runners do not clear away each other.

        Raises:
            OutboxBusy: there is no space.
            OutboxError: there is no leave to write.
        """
        if self._file is not None:
            return
        try:
            for left in self._database.parent.glob(f"{escape(self._database.name)}.runner-*"):
                if not _is_locked(left):
                    left.unlink(missing_ok=True)
            file = open_private(self._path(self.own))
            fcntl.flock(file, fcntl.LOCK_EX)
            self._file = file
        except OSError as error:
            kind = OutboxBusy if lacks_room(error) else OutboxError
            raise kind(
                f"a runner cannot be announced beside {self._database}: {error.strerror}; "
                "make room there, or allow writing"
            ) from error

    def is_alive(self, runner: str) -> bool:
        """Tell whether that runner's process still holds its lock."""
        return runner == self.own or _is_locked(self._path(runner))

    def close(self) -> None:
        """End as a runner."""
        if self._file is not None:
            self._path(self.own).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _path(self, runner: str) -> Path:
        return self._database.with_name(f"{self._database.name}.runner-{runner}")


def _is_locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(file)

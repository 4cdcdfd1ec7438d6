"""Engagements appended to a file, one line each, and safe on disk before they count as taken."""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from petiole.core.domain.engagement import StoredEngagement
from petiole.core.errors import Transient

_PRIVATE = 0o600
_LOOK_BYTES = 65_536
_END = b"\n"


class JsonlEngagementSink:
    """Satisfies `EngagementSink`.

    A file that would grow too long is put aside as PATH.1, the next one as PATH.2 and so on: the
    highest number is the newest. The file itself holds whole lines only, also after a crash: what a
    dead writer left of a line is cut off before more is written.
    """

    def __init__(
        self, path: Path, *, encode: Callable[[StoredEngagement], str], max_bytes: int, keep: int
    ) -> None:
        """Take where and how to write; `keep` of those put aside stay, 0 for all of them."""
        self._path = path
        self._encode = encode
        self._max_bytes = max_bytes
        self._keep = keep

    def forward(self, engagements: Sequence[StoredEngagement]) -> None:
        """Append some, in order; they are on disk when this returns.

        Raises:
            Transient: the file cannot be written; no line of it is half-written.
        """
        try:
            rest: Sequence[bytes] = [self._encode(one).encode() + _END for one in engagements]
            while rest:
                rest = self._append(rest)
        except OSError as error:
            raise Transient(
                f"{self._path} cannot be written: {error.strerror}; make room there, or allow "
                "writing"
            ) from error

    def _append(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Append as many as fit, and give back the others."""
        with _opened(self._path) as file:
            size = _cut_torn_tail(file)
            number, end = 0, size
            for line in lines:
                if end and end + len(line) > self._max_bytes:
                    break
                number, end = number + 1, end + len(line)
            _write(file, b"".join(lines[:number]), size)
            if number < len(lines):
                self._put_aside()
        return lines[number:]

    def _put_aside(self) -> None:
        numbers = sorted(_numbers(self._path))
        self._path.rename(_numbered(self._path, max(numbers, default=0) + 1))
        if self._keep:
            for number in numbers[: max(len(numbers) + 1 - self._keep, 0)]:
                _numbered(self._path, number).unlink(missing_ok=True)
        _sync_directory(self._path.parent)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open the file, or make it, for one writer at a time."""
    while True:
        is_new = not path.exists()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            if not _is_at(path, file):
                continue  # another writer put it aside meanwhile
            if is_new:
                _sync_directory(path.parent)
            yield file
            return
        finally:
            os.close(file)


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _cut_torn_tail(file: int) -> int:
    """Cut off what follows the last whole line; tell the size that is left."""
    size = place = os.fstat(file).st_size
    while place:
        begin = max(place - _LOOK_BYTES, 0)
        found = os.pread(file, place - begin, begin).rfind(_END)
        if found >= 0:
            place = begin + found + 1
            break
        place = begin
    if place < size:
        os.ftruncate(file, place)
    return place


def _write(file: int, content: bytes, at: int) -> None:
    """Write the whole of it and wait for the disk, or leave the file as it was."""
    view, place = memoryview(content), at
    try:
        while view:
            written = os.pwrite(file, view, place)
            view, place = view[written:], place + written
        os.fsync(file)
    except OSError:
        os.ftruncate(file, at)
        raise


def _numbers(path: Path) -> Iterator[int]:
    for other in path.parent.glob(f"{_escaped(path.name)}.*"):
        suffix = other.name[len(path.name) + 1 :]
        if suffix.isascii() and suffix.isdecimal():
            yield int(suffix)


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _sync_directory(path: Path) -> None:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

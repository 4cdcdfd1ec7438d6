"""Bytes from a file or a pipe, read once and in blocks."""

import difflib
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Protocol, Self

from petiole.core.errors import AudienceError

STDIN = "-"
BLOCK_BYTES = 256 * 1024
HEAD_BYTES = 512

_MOST_NEIGHBOURS = 10_000


class _Reads(Protocol):
    """Hands out what is there, at most `size` bytes; nothing means the end."""

    def __call__(self, size: int, /) -> bytes | None: ...


class Source:
    """An open input. A pipe hands over what has arrived, so that a slow stream is not held back."""

    def __init__(self, name: str, stream: IO[bytes] | None, read: _Reads) -> None:
        self.name = name
        self._stream = stream
        self._read = read
        self._head: bytes | None = None

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a path, or standard input for "-".

        Raises:
            AudienceError: it is not there, is no file or may not be read.
        """
        if path == STDIN:
            stdin = sys.stdin.buffer
            return cls("standard input", None, getattr(stdin, "read1", stdin.read))
        place = Path(path)
        try:
            stream = place.open("rb", buffering=0)
        except OSError as error:
            raise unreadable(place, error) from error
        return cls(str(place), stream, stream.read)

    def head(self) -> bytes:
        """Look at the first bytes without consuming them.

        Raises:
            AudienceError: reading failed.
        """
        if self._head is None:
            head = b""
            while len(head) < HEAD_BYTES and (block := self._block(BLOCK_BYTES)):
                head += block
            self._head = head
        return self._head

    def blocks(self) -> Iterator[bytes]:
        """Yield everything, block by block, then close.

        Raises:
            AudienceError: reading failed.
        """
        try:
            if head := self.head():
                yield head
            while block := self._block(BLOCK_BYTES):
                yield block
        finally:
            self.close()

    def close(self) -> None:
        """Close what `open` opened; standard input stays open."""
        if self._stream is not None:
            self._stream.close()

    def __del__(self) -> None:
        """Close also when only the columns were looked at."""
        self.close()

    def _block(self, size: int) -> bytes:
        try:
            return self._read(size) or b""
        except OSError as error:
            raise AudienceError(f"{self.name}: reading failed: {error.strerror}") from error


def unreadable(path: Path, error: OSError) -> AudienceError:
    """Tell in plain words why a path could not be opened, and what may help."""
    match error:
        case FileNotFoundError():
            return AudienceError(f"{path}: {_missing(path)}")
        case IsADirectoryError():
            return AudienceError(f"{path} is a directory; name a file in it")
        case PermissionError():
            return AudienceError(f"{path}: no permission to read it; try: ls -l {path}")
        case _:
            return AudienceError(f"{path} cannot be opened: {error.strerror or error}")


def _missing(path: Path) -> str:
    if path.is_symlink():
        return "this link leads nowhere"
    folder = path.parent
    if not folder.is_dir():
        return f"no such file, and no folder {folder} either"
    near: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        names = {entry.name.lower(): entry.name for entry in islice(entries, _MOST_NEIGHBOURS)}
        near = [names[name] for name in difflib.get_close_matches(path.name.lower(), names, n=3)]
    if not near:
        return "no such file"
    return f"no such file; did you mean {' or '.join(str(folder / name) for name in near)}?"

"""Lines of text out of blocks of bytes: decoded strictly, in bounded memory."""

import codecs
import io
from collections.abc import Iterator
from itertools import chain

from petiole.adapters.files import encoding as encodings
from petiole.core.errors import AudienceError

MAX_LINE_CHARACTERS = 16 * 1024 * 1024
"""A longer line is refused: it is no row, and would fill the memory."""

_MARK = "\ufeff"
_FALSE_ENDINGS = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
"""str.splitlines would split at them, too; here they are part of a cell."""


def text_lines(blocks: Iterator[bytes], *, encoding: str, name: str) -> Iterator[str]:
    """Yield every line with its ending, which is LF, CRLF or CR; a byte-order mark is dropped.

    Raises:
        AudienceError: a byte does not fit the encoding, a NUL, or an endless line.
    """
    return chain.from_iterable(_Splitter(encoding=encoding, name=name).split(blocks))


class _Splitter:
    """Cuts decoded text into lines, whole block by whole block."""

    def __init__(self, *, encoding: str, name: str) -> None:
        self._encoding = encoding
        self._name = name
        self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        self._lines_before = 0
        self._tail = ""

    def split(self, blocks: Iterator[bytes]) -> Iterator[list[str]]:
        first = True
        for block in blocks:
            text = self._decoded(block)
            if first and text:
                text = text.removeprefix(_MARK)
                first = False
            yield self._cut(text)
        yield self._cut(self._decoded(b"", final=True), final=True)

    def _decoded(self, block: bytes, *, final: bool = False) -> str:
        try:
            text = self._decoder.decode(block, final)
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from None
        if "\0" in text:
            raise self._binary(text, block)
        return text

    def _cut(self, text: str, *, final: bool = False) -> list[str]:
        text = self._tail + text
        # A CR at the very end may be the first half of a CRLF: it waits for the next block.
        end = len(text) if final else max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
        self._tail = text[end:]
        if len(self._tail) > MAX_LINE_CHARACTERS:
            raise AudienceError(
                f"{self._name}, line {self._lines_before + 1} is longer than "
                f"{MAX_LINE_CHARACTERS // 1024**2} MiB; is this really text with one row a line?"
            )
        lines = _lines(text[:end])
        self._lines_before += len(lines)
        return lines

    def _position(self, text: str) -> tuple[int, int]:
        """Tell the number of the line and of its byte, from 1, that follow after `text`."""
        lines = _lines(self._tail + text + "$")
        offset = len(lines[-1][:-1].encode(self._encoding, "ignore"))
        return self._lines_before + len(lines), offset + 1

    def _undecodable(self, error: UnicodeDecodeError) -> AudienceError:
        before = error.object[: error.start].decode(self._encoding, "ignore")
        line, byte = self._position(before)
        guess = encodings.guessed(error.object)
        remedy = (
            f"it looks like {encodings.title(guess)}: try --encoding {guess}"
            if guess and guess != self._encoding
            else "repair that character, or save the file as UTF-8 again"
        )
        return AudienceError(
            f"{self._name}, line {line}: byte {byte} of the line "
            f"(0x{error.object[error.start]:02X}) is not valid {encodings.title(self._encoding)}; "
            f"{remedy}"
        )

    def _binary(self, text: str, block: bytes) -> AudienceError:
        line, _ = self._position(text[: text.index("\0")])
        guess = encodings.guessed(block)
        remedy = (
            f"it looks like {encodings.title(guess[:6])}: try --encoding {guess}"
            if guess and guess.startswith("utf-16")
            else "it is not text, or was damaged on its way"
        )
        return AudienceError(f"{self._name}, line {line} holds a NUL byte; {remedy}")


def _lines(text: str) -> list[str]:
    if any(ending in text for ending in _FALSE_ENDINGS):
        return list(io.StringIO(text, newline=""))
    return text.splitlines(keepends=True)  # in a third of the time

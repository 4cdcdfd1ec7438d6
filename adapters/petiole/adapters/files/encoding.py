"""Character encodings: which one was asked for, and which one broken text seems to have."""

import codecs

from petiole.core.errors import AudienceError

_BOMS = (  # UTF-32 goes first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TITLES = {"utf-8": "UTF-8", "cp1252": "Windows-1252", "utf-16": "UTF-16", "utf-32": "UTF-32"}
_SAMPLE_BYTES = 256


def known(encoding: str) -> str:
    """Return the canonical name of a text encoding.

    Raises:
        AudienceError: Python knows no text encoding of that name.
    """
    try:
        # The public way to ask whether a codec is one between text and bytes: "rot13" is not.
        "a".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        raise AudienceError(
            f"{encoding!r} is no text encoding; common ones are utf-8, cp1252, utf-16"
        ) from None


def title(encoding: str) -> str:
    """Name an encoding as people write it."""
    return _TITLES.get(encoding, encoding)


def by_mark(head: bytes) -> str | None:
    """Name the wide encoding whose byte-order mark begins the input."""
    return next((encoding for mark, encoding in _BOMS if head.startswith(mark)), None)


def guessed(sample: bytes) -> str | None:
    """Guess the encoding of bytes that are no UTF-8 text; `None` if nothing fits."""
    start = sample[:_SAMPLE_BYTES]
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[::2].count(0) > len(start) // 4:
        return "utf-16-be"
    if b"\0" in sample or not sample.decode("utf-8", "ignore").isascii():
        return None  # most of it is UTF-8: another encoding would spoil what is right
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return "cp1252"

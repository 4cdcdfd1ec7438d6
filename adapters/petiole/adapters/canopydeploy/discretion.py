"""Makes other people's words fit for messages, logs and tables."""

import re
from collections.abc import Iterable

MAX_CHARACTERS = 500
HIDDEN = "***"

# Lengths are bounded, or else a long word without an @ would be searched from each of its letters.
_PERSONAL = re.compile(
    r"\b[0-9a-f]{64}\b"  # an e-mail hash
    r"|[^\s@\"'<>(),:;]{1,64}@[^\s@\"'<>(),:;]{1,255}",  # an e-mail address
    re.IGNORECASE,
)
_SHORT_NUMBER = re.compile(r"\d{1,3}")
_SHORTEST_ANYWHERE = 5
"""Characters of a value that is hidden even within a word."""


def cleaned(
    text: str,
    *,
    secrets: Iterable[str] = (),
    identifiers: Iterable[str] = (),
    values: Iterable[str] = (),
) -> str:
    """Return the text without secrets, identifiers and addresses, on one line of a sane length.

    A number of up to three digits stays: hiding customer 7 would hide every 7. `values` are hidden
    in either case; where one holds another, it comes first.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        # Escapes in addresses are written in either case.
        text = re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)
    text = _PERSONAL.sub(HIDDEN, text)
    for identifier in identifiers:
        if identifier in text and not _SHORT_NUMBER.fullmatch(identifier):
            text = re.sub(rf"(?<!\w){re.escape(identifier)}(?!\w)", HIDDEN, text)
    folded = text.casefold()
    for value in values:
        if value.casefold() in folded and not _SHORT_NUMBER.fullmatch(value):
            text = _without(text, value)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= MAX_CHARACTERS else f"{line[: MAX_CHARACTERS - 1]}…"


def _without(text: str, value: str) -> str:
    pattern = re.escape(value)
    if len(value) < _SHORTEST_ANYWHERE:
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)

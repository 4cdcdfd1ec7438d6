"""Makes other people's words fit for messages, logs and tables."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

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
_GIVES_NOBODY_AWAY = re.compile(
    r"an?|error|false|for|from|has|invalid|is|must|none|not?|null|of|or|the|true|undefined|unknown"
    r"|value|with|yes|\W*",
    re.IGNORECASE,
)
"""Words of which the platform makes its sentences; as values they tell nothing about anybody."""


class Values:
    """Values that were sent; those in a text are found sooner than by asking for each of them."""

    def __init__(self, values: Iterable[str]) -> None:
        self._short: set[str] = set()
        self._long: defaultdict[str, set[str]] = defaultdict(set)
        for value in values:
            for form in (value, value.casefold()):
                if len(form.casefold()) < _SHORTEST_ANYWHERE:
                    self._short.add(form.casefold())
                else:
                    self._long[form.casefold()[:_SHORTEST_ANYWHERE]].add(form)

    def within(self, text: str) -> Sequence[str]:
        """List those that occur in a text in whatever case, the longest first."""
        folded = text.casefold()
        places = range(len(folded))
        begun = {folded[at : at + _SHORTEST_ANYWHERE] for at in places}
        long = [value for start in begun & self._long.keys() for value in self._long[start]]
        short = {folded[at : at + n] for at in places for n in range(1, _SHORTEST_ANYWHERE)}
        found = [value for value in long if value.casefold() in folded]
        return sorted([*found, *(short & self._short)], key=lambda value: (-len(value), value))


def is_delicate(value: str) -> bool:
    """Tell whether a value may say something about somebody; words like "no" and "-" do not."""
    return not _GIVES_NOBODY_AWAY.fullmatch(value)


def cleaned(
    text: str,
    *,
    secrets: Iterable[str] = (),
    values: Iterable[str] = (),
) -> str:
    """Return the text without secrets, addresses and values, on one line of a sane length.

    A number of up to three digits stays: hiding customer 7 would hide every 7. `values` are hidden
    in either case; where one holds another, it comes first.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        # Escapes in addresses are written in either case.
        text = re.sub(re.escape(secret), HIDDEN, text, flags=re.IGNORECASE)
    text = _PERSONAL.sub(HIDDEN, text)
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

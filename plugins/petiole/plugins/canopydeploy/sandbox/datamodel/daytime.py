"""Times of day as people write them: `23:25:00`, `2325`, `T23:25`, `4 p.m.`, `noon`."""

import re
from datetime import time

NOON = 12

WORDS = {"noon": time(NOON), "midnight": time()}

HOUR = r"t?(?P<hour>[0-9]{1,2})"
MINUTE = r"[:.](?P<minute>[0-9]{2})"
SECOND = r"[:.](?P<second>[0-9]{2})"

FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{HOUR}(?:{MINUTE}(?:{SECOND})?)?\s*(?P<half>[ap])\.?m\b\.?",
        rf"{HOUR}{MINUTE}(?:{SECOND}(?:\.[0-9]+)?)?(?![0-9:])",
        r"t?(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?![0-9:.])",
    )
)

WORD = re.compile(r"(?:noon|midnight)(?![a-z])")


def daytime_at(text: str) -> tuple[time, str] | None:
    """Read a time of day at the start of a text in lower case; return it and what follows.

    Raises:
        ValueError: No day has this time.
    """
    if found := WORD.match(text):
        return WORDS[found[0]], text[found.end() :]
    for form in FORMS:
        if found := form.match(text):
            return _time(**found.groupdict()), text[found.end() :]
    return None


def _time(*, hour: str, minute: str | None, second: str | None, half: str | None = None) -> time:
    hours = int(hour)
    if half:
        if not 1 <= hours <= NOON:
            raise ValueError("is not a time")
        hours = hours % NOON + (NOON if half == "p" else 0)
    return time(hours, int(minute or 0), int(second or 0))

"""Time zones as people write them: `Z`, `+02:00`, `GMT+1`, `CEST`, `Europe/Amsterdam`."""

import re
from collections.abc import Mapping
from datetime import timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

SHORT: Mapping[str, int] = {
    name: hours
    for hours, names in (
        (0, ("z", "utc", "gmt", "wet")),
        (1, ("west", "bst", "cet")),
        (2, ("cest", "eet")),
        (3, ("eest", "msk")),
        (-4, ("edt",)),
        (-5, ("est", "cdt")),
        (-6, ("cst", "mdt")),
        (-7, ("mst", "pdt")),
        (-8, ("pst",)),
    )
    for name in names
}
"""Hours ahead of UTC, by the short name; PHP knows some hundred more."""

OFFSET = re.compile(
    r"(?:gmt|utc)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?(?![0-9:])"
)
WORD = re.compile(rf"(?:{'|'.join(SHORT)})(?![a-z0-9/])")
NAME = re.compile(r"[a-z]+(?:/[a-z0-9_+-]+)+")


def zone_at(text: str) -> tuple[tzinfo, str] | None:
    """Read a zone at the start of a text in lower case; return it and what follows.

    Raises:
        ValueError: There is no such zone.
    """
    if found := OFFSET.match(text):
        ahead = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
        return timezone(-ahead if found["sign"] == "-" else ahead), text[found.end() :]
    if found := WORD.match(text):
        return timezone(timedelta(hours=SHORT[found[0]])), text[found.end() :]
    if found := NAME.match(text):
        if found[0] not in _names():
            raise ValueError("is in no zone that there is")
        return ZoneInfo(_names()[found[0]]), text[found.end() :]
    return None


@cache
def _names() -> Mapping[str, str]:
    """Return the zones' names as they are written, by lower case."""
    return {name.lower(): name for name in available_timezones()}

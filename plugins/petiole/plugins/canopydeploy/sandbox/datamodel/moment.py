"""Dates and times as people write them.

Documented by the vendor: "any PHP date text", with examples such as `2013-09-23`,
`October 1, 2013`, `23:25:00`, `4PM` and `2013-09-23, 16:00:00`. The twin reads a full date, a time
of day, or one after the other; it refuses PHP's relative forms (`next Friday`).
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"),
            ("feb", "february"),
            ("mar", "march"),
            ("apr", "april"),
            ("may",),
            ("jun", "june"),
            ("jul", "july"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "october"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}

WORD = rf"(?P<name>{'|'.join(MONTHS)})\.?"
DAY = r"(?P<day>[0-9]{1,2})"
YEAR = r"(?P<year>[0-9]{4})"
MONTH = r"(?P<month>[0-9]{1,2})"

DATES = tuple(
    re.compile(rf"{form}(?![0-9])(?P<rest>.*)", re.DOTALL)
    for form in (
        rf"{YEAR}[-/]{MONTH}[-/]{DAY}",
        rf"{DAY}[-.]{MONTH}[-.]{YEAR}",
        rf"{MONTH}/{DAY}/{YEAR}",
        rf"{WORD}\s+{DAY}(?:st|nd|rd|th)?,?\s+{YEAR}",
        rf"{DAY}(?:st|nd|rd|th)?[\s-]+{WORD},?[\s-]+{YEAR}",
    )
)

WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+")

SEPARATOR = re.compile(r"[t,\s]+(?:at\s+)?")

TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.[0-9]+)?)?)?"
    r"\s*(?P<half>[ap]m|[ap]\.m\.)?"
    r"\s*(?P<zone>z|utc|[+-][0-9]{2}:?[0-9]{2})?"
)

NOON = 12


def read_date(text: str) -> str:
    """Return `YYYY-MM-DD`; a time of day after it is dropped."""
    day, _ = _read(text)
    if day is None:
        raise ValueError("is not a date")
    return f"{day:%Y-%m-%d}"


def read_time(text: str) -> str:
    """Return `HH:MM:SS`; a date before it is dropped."""
    _, clock = _read(text)
    if clock is None:
        raise ValueError("is not a time")
    return f"{clock:%H:%M:%S}"


def read_moment(text: str) -> str:
    """Return `YYYY-MM-DD HH:MM:SS` in Amsterdam; without a time of day it is midnight."""
    day, clock = _read(text)
    if day is None:
        raise ValueError("is not a date and time")
    moment = datetime.combine(day, clock or time())
    if moment.tzinfo:
        moment = moment.astimezone(AMSTERDAM)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _read(text: str) -> tuple[date | None, time | None]:
    """Take a text apart; raise ValueError where a part is left over or impossible."""
    left = WEEKDAY.sub("", text.strip().lower(), count=1)
    for form in DATES:
        if found := form.match(left):
            rest = SEPARATOR.sub("", found["rest"], count=1)
            return _date(found), _time(rest) if rest else None
    return None, _time(left)


def _date(found: re.Match[str]) -> date:
    parts = found.groupdict()
    month = MONTHS[parts["name"]] if parts.get("name") else int(parts["month"])
    return date(int(parts["year"]), month, int(parts["day"]))


def _time(text: str) -> time:
    found = TIME.fullmatch(text)
    if not found or not (found["minute"] or found["half"]):
        raise ValueError("is neither a date nor a time")
    hour, half = int(found["hour"]), found["half"]
    if half:
        if not 1 <= hour <= NOON:
            raise ValueError("is not a time")
        hour = hour % NOON + (NOON if half[0] == "p" else 0)
    return time(
        hour,
        int(found["minute"] or 0),
        int(found["second"] or 0),
        tzinfo=_zone(found["zone"]),
    )


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in {"z", "utc"}:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))

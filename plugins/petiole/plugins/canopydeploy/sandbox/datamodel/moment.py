"""Dates and times as people write them, read as PHP does.

Documented by the vendor: "any PHP date text", with examples such as `2013-09-23`,
`October 1, 2013`, `23:25:00`, `4PM` and `2013-09-23, 16:00:00`. The twin reads a day, a time of
day and a zone in any order, and the commonest of PHP's relative words. A text with a zone is moved
to Amsterdam, whatever the column takes of it; that the platform does so is assumed.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM
from petiole.plugins.canopydeploy.sandbox.datamodel.day import day_at
from petiole.plugins.canopydeploy.sandbox.datamodel.daytime import daytime_at
from petiole.plugins.canopydeploy.sandbox.datamodel.zone import zone_at

MOST_CHARACTERS = 200

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SECONDS = re.compile(r"@(-?[0-9]{1,12})")

SKIPPED = re.compile(
    r"(?:[\s,]+|at\b|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b)*"
)
"""What says nothing: the name of the weekday stands beside the day."""

NAMED_DAY = re.compile(r"(?:yesterday|today|tomorrow)(?![a-z])")
NAMED_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}

NOW = re.compile(r"now(?![a-z])")

SHIFT = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<count>[0-9]{1,6})\s*"
    r"(?P<unit>sec(?:ond)?|min(?:ute)?|hour|day|week)s?(?![a-z])(?P<ago>\s+ago\b)?"
)
UNITS = {
    "sec": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "hou": timedelta(hours=1),
    "day": timedelta(days=1),
    "wee": timedelta(weeks=1),
}
"""By the first three letters."""


def read_date(text: str, now: datetime) -> str:
    """Return `YYYY-MM-DD`; a time of day in the text is dropped."""
    said = _read(text, now)
    if not (said.day or said.relative):
        raise ValueError("is not a date")
    return said.moment(now).date().isoformat()


def read_time(text: str, now: datetime) -> str:
    """Return `HH:MM:SS`; a day in the text is dropped."""
    said = _read(text, now)
    if not (said.clock or (said.relative and not said.day)):
        raise ValueError("is not a time")
    return said.moment(now).time().isoformat(timespec="seconds")


def read_moment(text: str, now: datetime) -> str:
    """Return `YYYY-MM-DD HH:MM:SS`; without a time of day it is midnight."""
    said = _read(text, now)
    if not (said.day or said.relative):
        raise ValueError("is not a date and time")
    return said.moment(now).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


@dataclass(slots=True, kw_only=True)
class _Said:
    """What a text says; `relative` if it counts from now, or from the day that it names."""

    day: date | None = None
    clock: time | None = None
    zone: tzinfo | None = None
    shift: timedelta = timedelta()
    relative: bool = False

    def moment(self, now: datetime) -> datetime:
        """Return the moment in Amsterdam."""
        zone = self.zone or AMSTERDAM
        here = now.astimezone(zone)
        clock = self.clock or (time() if self.day else here.time())
        moment = datetime.combine(self.day or here.date(), clock, tzinfo=zone) + self.shift
        return moment.astimezone(AMSTERDAM)


def _read(text: str, now: datetime) -> _Said:
    """Take a text apart; raise ValueError where a part is left over, twice there or impossible."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError("is too long for a date or a time")
    today, said = now.astimezone(AMSTERDAM).date(), _Said()
    left = text.strip().lower()
    while left := SKIPPED.sub("", left, count=1):
        left = _part(left, said, today=today)
    return said


def _part(left: str, said: _Said, *, today: date) -> str:
    """Note the part that a text begins with, and return what follows it."""
    if found := SHIFT.match(left):
        count = int(f"{found['sign']}{found['count']}") * (-1 if found["ago"] else 1)
        said.shift += count * UNITS[found["unit"][:3]]
        said.relative = True
    elif found := NOW.match(left):
        said.relative = True
    elif (found := NAMED_DAY.match(left)) and not said.day:
        said.day = today + timedelta(days=NAMED_DAYS[found[0]])
    elif (found := SECONDS.match(left)) and not (said.day or said.clock or said.zone):
        moment = EPOCH + timedelta(seconds=int(found[1]))
        said.day, said.clock, said.zone = moment.date(), moment.time(), UTC
    else:
        return _absolute(left, said, year=today.year)
    return left[found.end() :]


def _absolute(left: str, said: _Said, *, year: int) -> str:
    if not said.day and (day := day_at(left, year=year)):
        said.day, rest = day
    elif not said.clock and (clock := daytime_at(left)):
        said.clock, rest = clock
    elif not said.zone and (zone := zone_at(left)):
        said.zone, rest = zone
    else:
        raise ValueError("is neither a date nor a time")
    return rest

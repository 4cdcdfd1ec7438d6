"""Days as people write them: `2013-09-23`, `October 1, 2013`, `9/23/2013`, `2013W394`."""

import re
from datetime import date

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

WORD = rf"(?P<name>{'|'.join(MONTHS)})(?![a-z])\.?"
DAY = r"(?P<day>[0-9]{1,2})"
NTH = rf"{DAY}(?:st|nd|rd|th)?"
MONTH = r"(?P<month>[0-9]{1,2})"
YEAR = r"(?P<year>[0-9]{4})"
SHORT = r"(?P<short>[0-9]{2})"

FORMS = tuple(
    re.compile(rf"(?:{form})(?![0-9:])")
    for form in (
        rf"{YEAR}[-/]{MONTH}[-/]{DAY}",
        rf"{YEAR}-?w(?P<week>[0-9]{{2}})(?:-?(?P<weekday>[1-7]))?",
        rf"{YEAR}-{WORD}-{DAY}",
        rf"{YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})",
        rf"{YEAR}-{MONTH}(?!-)",
        rf"{DAY}[-.]{MONTH}[-.]{YEAR}",
        # With other years PHP takes this form for a time: hours, minutes, seconds.
        rf"{DAY}\.{MONTH}\.(?P<short>6[1-9]|[7-9][0-9])",
        rf"{SHORT}-{MONTH}-{DAY}",
        rf"{MONTH}/{DAY}(?:/(?:{YEAR}|{SHORT}))?(?!/)",
        rf"{WORD}[\s-]*{NTH}(?:,?[\s-]+{YEAR})?",
        rf"{WORD}[\s-]*{YEAR}",
        rf"{NTH}[\s-]*{WORD}(?:,?[\s-]+{YEAR})?",
    )
)

LAST_OF_2000 = 69
"""PHP reads the years 00 to 69 as 2000 to 2069, and the others as 1970 to 1999."""


def day_at(text: str, *, year: int) -> tuple[date, str] | None:
    """Read a day at the start of a text in lower case; return it and what follows.

    A day without a year is in `year`, a month without a day is its first one.

    Raises:
        ValueError: No calendar has this day.
    """
    for form in FORMS:
        if found := form.match(text):
            parts = {name: part for name, part in found.groupdict().items() if part}
            return _date(parts, year=year), text[found.end() :]
    return None


def _date(parts: dict[str, str], *, year: int) -> date:
    if "short" in parts:
        short = int(parts["short"])
        year = (1900 if short > LAST_OF_2000 else 2000) + short
    elif "year" in parts:
        year = int(parts["year"])
    if "week" in parts:
        return date.fromisocalendar(year, int(parts["week"]), int(parts.get("weekday", 1)))
    month = MONTHS[parts["name"]] if "name" in parts else int(parts["month"])
    return date(year, month, int(parts.get("day", 1)))

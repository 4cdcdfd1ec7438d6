"""The platform's time: local Amsterdam time, written without a zone.

The vendor's own examples show Amsterdam summer time in a record made at a known instant; SOAP is
assumed to do the same.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM
from petiole.plugins.canopydeploy.sandbox.crm.errors import InvalidValue

Now = Callable[[], datetime]
"""Answers the present as an aware `datetime`."""

NO_DATE = "0000-00-00"
NO_TIME = "0000-00-00 00:00:00"
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


def system_now() -> datetime:
    """Tell the present in UTC."""
    return datetime.now(UTC)


def text_of(moment: datetime | None) -> str:
    """Write a moment as `YYYY-MM-DD HH:MM:SS` in Amsterdam, or the platform's zero time."""
    return NO_TIME if moment is None else f"{moment.astimezone(AMSTERDAM):%Y-%m-%d %H:%M:%S}"


def parse_moment(text: str) -> datetime:
    """Read `YYYY-MM-DD[ HH:MM:SS]` as Amsterdam time.

    Raises:
        InvalidValue: The text is no such date.
    """
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text.strip(), pattern).replace(tzinfo=AMSTERDAM)
        except ValueError:
            continue
    raise InvalidValue(f"Invalid date [{text}]")

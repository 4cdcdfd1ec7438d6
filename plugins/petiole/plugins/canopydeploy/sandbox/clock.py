"""The platform's clock: ours plus an offset, read as Amsterdam reads it where days count."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
"""Where the platform's days begin. Assumed."""


class Clock:
    """Tells the platform's time; `offset` gives the seconds that it is ahead of ours."""

    def __init__(self, *, offset: Callable[[], float]) -> None:
        self._offset = offset

    def now(self) -> datetime:
        """Return the platform's time, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._offset())

    def local(self) -> datetime:
        """Return the platform's time, in Amsterdam."""
        return self.now().astimezone(AMSTERDAM)

    def today(self) -> date:
        """Return the day that the daily quota counts."""
        return self.local().date()

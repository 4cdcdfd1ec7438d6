"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FrozenClock:
    """Virtual time: twenty minutes, or a day, pass within a statement."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Tell the present moment; the same one until somebody advances it."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass; a negative span is a clock that was set back."""
        self._now += by

    def set(self, moment: datetime) -> None:
        """Jump to a moment."""
        self._now = moment.astimezone(UTC)

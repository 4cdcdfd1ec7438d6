"""A clock that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class FrozenClock:
    """Virtual time: twenty minutes, or a day, pass within a statement."""

    def __init__(self, start: datetime = NOON) -> None:
        self._now = start.astimezone(UTC)
        self._uptime = timedelta()

    def now(self) -> datetime:
        """Tell the present moment; the same one until somebody advances it."""
        return self._now

    def uptime(self) -> timedelta:
        """Tell how much time has passed since the clock was made, whatever the time of day did."""
        return self._uptime

    def advance(self, by: timedelta) -> None:
        """Let time pass.

        Raises:
            TypeError: a bare number has no unit.
            ValueError: time does not pass backwards; a clock that is set back jumps.
        """
        if not isinstance(by, timedelta):
            raise TypeError(f"say how long, such as timedelta(seconds={by!r}); {by!r} has no unit")
        if by < timedelta():
            raise ValueError("time does not pass backwards; let the clock jump instead")
        self._now += by
        self._uptime += by

    def jump(self, by: timedelta) -> None:
        """Set the time of day ahead, or back, while no time passes."""
        self._now += by

    def set(self, moment: datetime) -> None:
        """Set the time of day to a moment while no time passes."""
        self._now = moment.astimezone(UTC)

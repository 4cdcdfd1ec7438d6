"""The machine's clock."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of day as the machine knows it; it may jump when the machine is set right."""

    def now(self) -> datetime:
        """Tell the present moment: aware, in UTC."""
        return datetime.now(UTC)

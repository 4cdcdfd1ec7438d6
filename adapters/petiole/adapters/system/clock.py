"""The machine's clock."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Tells the time of day as the machine knows it; it may jump when the machine is set right."""

    def now(self) -> datetime:
        """Tell the present moment: aware, in UTC."""
        return datetime.now(UTC)

    def uptime(self) -> timedelta:
        """Tell how long the machine has been up.

        All processes share it on Linux and macOS, whose monotonic clock counts from the start of
        the machine.
        """
        return timedelta(seconds=time.monotonic())

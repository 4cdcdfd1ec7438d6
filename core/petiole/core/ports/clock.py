"""The time of day, and the time that passes."""

from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Tells the time; never waits. Waiting is done where results arrive (`ports.workers`)."""

    def now(self) -> datetime:
        """Tell the present moment: aware, in UTC; it jumps when the machine is set right."""
        ...

    def uptime(self) -> timedelta:
        """Tell how long the machine has been up: never jumps, the same for all its processes."""
        ...

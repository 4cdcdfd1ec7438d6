"""The time of day."""

from datetime import datetime
from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """Tells the time; never waits. Waiting is done where results arrive (`ports.workers`)."""

    def now(self) -> datetime:
        """Tell the present moment: aware, in UTC."""
        ...

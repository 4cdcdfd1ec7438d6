"""The brand's daily count of webhook calls."""

import threading
from collections.abc import Callable
from datetime import date


class Quota:
    """Counts calls, and starts anew when the day changes."""

    def __init__(self, *, today: Callable[[], date]) -> None:
        self._today = today
        self._guard = threading.Lock()
        self._day = today()
        self._count = 0

    def count(self) -> int:
        """Count one more call and return how many the day has seen."""
        with self._guard:
            self._turn_page()
            self._count += 1
            return self._count

    @property
    def used(self) -> int:
        """How many calls the day has seen."""
        with self._guard:
            self._turn_page()
            return self._count

    def _turn_page(self) -> None:
        today = self._today()
        if today != self._day:
            self._day, self._count = today, 0

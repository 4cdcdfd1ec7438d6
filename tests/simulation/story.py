"""What happened, line by line: the same for the same seed."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from petiole.adapters.memory import FrozenClock


class Story:
    """Lines, each with the time that has passed; `tell` may show them as they come."""

    def __init__(self, clock: FrozenClock, show: Callable[[str], None] | None = None) -> None:
        self.lines: list[str] = []
        self._clock = clock
        self._show = show

    def tell(self, who: str, what: str) -> None:
        """Add a line."""
        seconds = self._clock.uptime() / timedelta(seconds=1)
        line = f"{seconds:10.3f}  {who:<10} {what}"
        self.lines.append(line)
        if self._show:
            self._show(line)

    @property
    def digest(self) -> str:
        """Eight hex digits that differ where anything differs."""
        text = "\n".join(self.lines).encode()
        return hashlib.blake2b(text, digest_size=4).hexdigest()

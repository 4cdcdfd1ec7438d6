"""Randomness, handed in so that a seed replays a run."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Chance(Protocol):
    """Draws numbers."""

    def fraction(self) -> float:
        """Draw evenly from [0, 1)."""
        ...

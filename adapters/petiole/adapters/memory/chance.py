"""Chance that replays."""

from random import Random


class SeededChance:
    """Draws the same numbers again for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311 - spreads load in tests, guards nothing

    def fraction(self) -> float:
        """Draw evenly from [0, 1)."""
        return self._random.random()

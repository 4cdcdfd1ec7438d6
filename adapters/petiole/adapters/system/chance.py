"""Pseudo-random numbers, good for spreading load and for nothing secret."""

from random import Random


class SystemChance:
    """Draws from the operating system's entropy, or the same row of numbers for the same seed.

    May be shared by threads.
    """

    def __init__(self, seed: int | None = None) -> None:
        self._random = Random(seed)

    def fraction(self) -> float:
        """Draw evenly from [0, 1)."""
        return self._random.random()

"""What an operation told that answers yes or no."""

from dataclasses import dataclass

from petiole.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Told:
    """A yes or a no, and the call behind it."""

    yes: bool
    exchange: Exchange

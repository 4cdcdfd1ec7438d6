"""What is kept of an attempt after it is over: one for each batch and claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from petiole.core.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """When it was, how many calls it took, and what was said.

    `exchanges` are the first calls of a long row, and its last one; `trouble` is the first failure
    in words, or nothing.
    """

    began_at: datetime
    ended_at: datetime
    calls: int
    trouble: str = ""
    exchanges: Sequence[Exchange] = ()

"""One call to a platform and its answer, as anyone may read them."""

from dataclasses import dataclass

LONGEST_CHARACTERS = 2_000
"""Of each half: enough to see what happened, whatever a platform answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was asked and what came back, in the words of the wire.

    Written by adapters, who alone know what is delicate in it: neither half holds a secret or a
    person's data, and neither is longer than `LONGEST_CHARACTERS`.
    """

    request: str
    answer: str

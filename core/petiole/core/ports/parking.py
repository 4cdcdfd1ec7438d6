"""The way out for messages that were sent with unknown outcome."""

from enum import StrEnum
from typing import Protocol, runtime_checkable

from petiole.core.domain.change import ConnectionName


class Decision(StrEnum):
    """What a person found out, or wishes."""

    ARRIVED = "arrived"
    """The platform has them: they count as delivered."""
    RESEND = "resend"
    """They are sent again, as if never tried."""


@runtime_checkable
class Parking(Protocol):
    """Where parked messages wait for a person; only a decision moves them."""

    def release(self, connection: ConnectionName, decision: Decision) -> int:
        """Carry out a decision on all parked messages of a connection; tells how many.

        One transaction. Arrived ones are in the ledger from the same moment on, and the next change
        of each profile becomes claimable; those to be sent again are claimable at once.
        """
        ...

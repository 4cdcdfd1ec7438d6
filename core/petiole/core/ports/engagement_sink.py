"""Where engagements go on to: a file, another system."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from petiole.core.domain.engagement import StoredEngagement


@runtime_checkable
class EngagementSink(Protocol):
    """Takes engagements on. May get some twice after a crash, with the same ids."""

    def forward(self, engagements: Sequence[StoredEngagement]) -> None:
        """Take some, in order; when this returns, they are safe there.

        Raises:
            DeliveryError: none of them counts as taken; they come again.
        """
        ...

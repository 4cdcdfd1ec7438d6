"""Where campaigns come from."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from petiole.core.domain.campaign import Campaign


@runtime_checkable
class CampaignSource(Protocol):
    """Lists the campaigns of a platform account."""

    def campaigns(self) -> Sequence[Campaign]:
        """List every campaign that can be sent to, sorted by name; changes nothing on the platform.

        Raises:
            DeliveryError: as a sink does.
        """
        ...

"""Campaigns of a platform that is not there."""

from collections.abc import Iterable, Sequence

from petiole.core.domain.campaign import Campaign
from petiole.core.errors import DeliveryError


class MemoryCampaigns:
    """Lists the campaigns it was given, or fails as it was told."""

    def __init__(
        self, campaigns: Iterable[Campaign] = (), *, error: DeliveryError | None = None
    ) -> None:
        self._campaigns = tuple(campaigns)
        self.error = error

    def campaigns(self) -> Sequence[Campaign]:
        """List every campaign, sorted by name.

        Raises:
            DeliveryError: `error` is set.
        """
        if self.error is not None:
            raise self.error
        return sorted(self._campaigns, key=lambda campaign: (campaign.name, campaign.id))

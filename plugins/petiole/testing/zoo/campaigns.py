"""Broken sources of campaigns."""

import logging
from collections.abc import Sequence

from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import SegmentId
from petiole.core.errors import DeliveryError
from petiole.core.ports.campaign_source import CampaignSource
from petiole.testing.zoo.mutant import breaks

_LOG = logging.getLogger("petiole.testing.zoo")


@breaks(
    CampaignSource.campaigns, "List every campaign", seen_by="test_every_campaign_is_listed_by_name"
)
def leaves_a_campaign_out(source: CampaignSource) -> Sequence[Campaign]:
    return source.campaigns()[:-1]


@breaks(CampaignSource.campaigns, "sorted by name", seen_by="test_every_campaign_is_listed_by_name")
def lists_campaigns_by_id(source: CampaignSource) -> Sequence[Campaign]:
    return sorted(source.campaigns(), key=lambda campaign: campaign.id)


@breaks(
    CampaignSource.campaigns, "List every campaign", seen_by="test_every_campaign_is_listed_by_name"
)
def takes_the_name_for_the_id(source: CampaignSource) -> Sequence[Campaign]:
    return [Campaign(SegmentId(c.name), c.id) for c in source.campaigns()]


@breaks(CampaignSource.campaigns, "of a platform account", of=CampaignSource)
def makes_a_campaign_up(source: CampaignSource) -> Sequence[Campaign]:
    return source.campaigns() or [Campaign(SegmentId("1"), "Example")]


@breaks(
    CampaignSource.campaigns,
    "changes nothing on the platform",
    seen_by="test_listing_changes_nothing",
)
class lists_campaigns_once:
    def __init__(self) -> None:
        self.listed = False

    def __call__(self, source: CampaignSource) -> Sequence[Campaign]:
        found = [] if self.listed else source.campaigns()
        self.listed = True
        return found


@breaks(
    CampaignSource.campaigns,
    "DeliveryError: as a sink does",
    seen_by="test_trouble_is_told_as_a_sink_tells_it",
)
def takes_a_trouble_for_an_empty_account(source: CampaignSource) -> Sequence[Campaign]:
    try:
        return source.campaigns()
    except DeliveryError:
        return []


@breaks(
    CampaignSource.campaigns,
    "DeliveryError: as a sink does",
    knows="secret",
    seen_by="test_trouble_tells_no_secret",
)
class leaks_the_token_with_a_trouble:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, source: CampaignSource) -> Sequence[Campaign]:
        try:
            return source.campaigns()
        except DeliveryError as error:
            raise type(error)(f"{error.reason} (token {self.secret})") from error


@breaks(
    CampaignSource.campaigns,
    "List every campaign",
    knows="secret",
    seen_by="test_list_tells_no_secret",
)
class logs_the_token_with_a_list:
    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __call__(self, source: CampaignSource) -> Sequence[Campaign]:
        _LOG.info("asking with %s", self.secret)
        return source.campaigns()

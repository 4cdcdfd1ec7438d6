"""What every source of campaigns promises."""

import pytest

from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import SegmentId
from petiole.core.ports.campaign_source import CampaignSource
from petiole.testing.contracts.override import missing
from petiole.testing.contracts.troubles import ERRORS, TroubledContract, meets
from petiole.testing.contracts.witness import Witness, WitnessedContract
from petiole.testing.promises import keeps
from petiole.testing.stands import CampaignStand, Trouble

SPRING, AUTUMN, WELCOME = SegmentId("12"), SegmentId("7"), SegmentId("101")
NAMES = {SPRING: "Spring rebookers", AUTUMN: "Autumn: Köln & Łódź", WELCOME: "Welcome"}
# Listing reads only, so a lost request and a lost answer are the same: nothing is in doubt.
TROUBLES = (
    Trouble.UNREACHABLE,
    Trouble.UNAVAILABLE,
    Trouble.BUSY,
    Trouble.WRONG_SECRET,
    Trouble.WRONG_ADDRESS,
)


class CampaignSourceContract(WitnessedContract, TroubledContract):
    """`ports.campaign_source`: override `stand`; and `secret`, where there is one."""

    @pytest.fixture
    def stand(self, request: pytest.FixtureRequest) -> CampaignStand:
        missing(request, "stand")

    @keeps(CampaignSource, "Lists the campaigns")
    @keeps(CampaignSource.campaigns, "List every campaign that can be sent to, sorted by name")
    def test_every_campaign_is_listed_by_name(self, stand: CampaignStand) -> None:
        stand.offer(NAMES)

        assert list(stand.source.campaigns()) == [
            Campaign(AUTUMN, NAMES[AUTUMN]),
            Campaign(SPRING, NAMES[SPRING]),
            Campaign(WELCOME, NAMES[WELCOME]),
        ]

    @keeps(CampaignSource, "of a platform account")
    def test_account_without_campaigns_lists_none(self, stand: CampaignStand) -> None:
        stand.offer({})

        assert list(stand.source.campaigns()) == []

    @keeps(CampaignSource.campaigns, "changes nothing on the platform")
    def test_listing_changes_nothing(self, stand: CampaignStand) -> None:
        stand.offer(NAMES)

        assert list(stand.source.campaigns()) == list(stand.source.campaigns())

    @keeps(CampaignSource.campaigns, "DeliveryError: as a sink does")
    @meets(*TROUBLES, tells_the_rest=True)
    def test_trouble_is_told_as_a_sink_tells_it(
        self, stand: CampaignStand, trouble: Trouble
    ) -> None:
        stand.offer(NAMES)
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]):
            stand.source.campaigns()

    @keeps(CampaignSource.campaigns, "List every campaign")
    @pytest.mark.usefixtures("named_secret")
    def test_list_tells_no_secret(
        self, stand: CampaignStand, witness: Witness, secret: str
    ) -> None:
        stand.offer(NAMES)

        heard = witness.heard(stand.source.campaigns())

        assert secret not in heard

    @keeps(CampaignSource.campaigns, "DeliveryError: as a sink does")
    @pytest.mark.usefixtures("named_secret")
    @meets(*TROUBLES)
    def test_trouble_tells_no_secret(
        self, stand: CampaignStand, witness: Witness, secret: str, trouble: Trouble
    ) -> None:
        stand.offer(NAMES)
        stand.meet(trouble)

        with pytest.raises(ERRORS[trouble]) as told:
            stand.source.campaigns()

        assert secret not in witness.heard(told.value)

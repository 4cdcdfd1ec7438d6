"""The other ports in memory keep their promises."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from petiole.adapters.memory import (
    FrozenClock,
    MemoryAudience,
    MemoryCampaigns,
    MemorySink,
    VerifyingMemorySink,
)
from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import SegmentId
from petiole.core.ports.audience import Audience, AudienceRow, RefusedRow
from petiole.core.ports.clock import Clock
from petiole.testing.contracts.audience import AudienceContract
from petiole.testing.contracts.campaign_source import CampaignSourceContract
from petiole.testing.contracts.clock import ClockContract
from petiole.testing.contracts.profile_sink import ProfileSinkContract, VerifyingSinkContract
from petiole.testing.platform import MemoryPlatform, error_of
from petiole.testing.stands import AudienceStand, CampaignStand, SinkStand, Trouble


class MemoryAudienceStand:
    """Lists of rows."""

    def source(self, rows: list[dict[str, str]]) -> Audience:
        return MemoryAudience(rows)

    def damaged(self, rows: list[dict[str, str]], broken: int) -> Audience:
        return MemoryAudience(
            RefusedRow(line, "has 2 values for 3 columns")
            if line == broken + 1
            else AudienceRow(line, row)
            for line, row in enumerate(rows, start=1)
        )

    def unreadable(self) -> Audience:
        pytest.skip("a list can always be read")


class MemoryCampaignStand:
    """A list of campaigns."""

    def __init__(self) -> None:
        self.source = MemoryCampaigns()

    def offer(self, campaigns: Mapping[SegmentId, str]) -> None:
        self.source = MemoryCampaigns(Campaign(id_, name) for id_, name in campaigns.items())

    def meet(self, trouble: Trouble) -> None:
        self.source.error = error_of(trouble)


class TestFrozenClock(ClockContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return FrozenClock()

    def test_time_stands_still_until_it_is_advanced(self) -> None:
        clock = FrozenClock()
        before = clock.now()

        clock.advance(timedelta(minutes=20))

        assert clock.now() - before == timedelta(minutes=20)

    def test_number_without_a_unit_is_refused_with_the_remedy(self) -> None:
        by: Any = 5

        with pytest.raises(TypeError, match=r"such as timedelta\(seconds=5\)"):
            FrozenClock().advance(by)


class KnowsSecret:
    @pytest.fixture
    def secret(self) -> str:
        return "made-up-token"


class TestMemorySink(KnowsSecret, ProfileSinkContract):
    @pytest.fixture
    def stand(self) -> SinkStand:
        return MemoryPlatform(MemorySink())


class TestVerifyingMemorySink(KnowsSecret, VerifyingSinkContract):
    @pytest.fixture
    def stand(self) -> SinkStand:
        return MemoryPlatform(VerifyingMemorySink())


class TestMemoryAudience(AudienceContract):
    @pytest.fixture
    def stand(self) -> AudienceStand:
        return MemoryAudienceStand()


class TestMemoryCampaigns(KnowsSecret, CampaignSourceContract):
    @pytest.fixture
    def stand(self) -> CampaignStand:
        return MemoryCampaignStand()

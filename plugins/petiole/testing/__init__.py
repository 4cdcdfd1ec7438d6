"""The kit for those who write adapters: what every port promises, as tests to run against yours.

    from petiole.testing import ProfileSinkContract

    class TestAcmeSink(ProfileSinkContract):
        @pytest.fixture
        def sink(self, platform: AcmePlatform) -> AcmeSink:
            return AcmeSink(platform.url)

Each name is imported when it is first asked for: the pytest plugin lives behind this door too, and
is loaded in every test run of whoever has petiole installed.
"""

from typing import TYPE_CHECKING

import pytest

from petiole.core.doors import door

if TYPE_CHECKING:
    from petiole.testing.changes import change, messages, scope
    from petiole.testing.contracts.audience import AudienceContract
    from petiole.testing.contracts.bell import BellContract
    from petiole.testing.contracts.bookkeeping import BookkeepingContract
    from petiole.testing.contracts.campaign_source import CampaignSourceContract
    from petiole.testing.contracts.clock import ClockContract
    from petiole.testing.contracts.connection_states import ConnectionStatesContract
    from petiole.testing.contracts.dead_letters import DeadLettersContract
    from petiole.testing.contracts.engagement_books import EngagementBooksContract
    from petiole.testing.contracts.engagement_receiver import EngagementReceiverContract
    from petiole.testing.contracts.engagement_source import MOMENT, EngagementSourceContract
    from petiole.testing.contracts.engagements import EngagementsContract
    from petiole.testing.contracts.history import HistoryContract
    from petiole.testing.contracts.ledger import LedgerContract
    from petiole.testing.contracts.outbox import OutboxContract
    from petiole.testing.contracts.profile_sink import ProfileSinkContract, VerifyingSinkContract
    from petiole.testing.contracts.troubles import ERRORS
    from petiole.testing.platform import MemoryPlatform
    from petiole.testing.promises import keeps
    from petiole.testing.stands import (
        RETRY_AFTER,
        AudienceStand,
        CampaignStand,
        EngagementSourceStand,
        HandClock,
        Platform,
        ReceiverStand,
        SinkStand,
        Store,
        StoreStand,
        Trouble,
    )
    from petiole.testing.throwaway import ThrowawayPlugin

__all__ = [
    "ERRORS",
    "MOMENT",
    "RETRY_AFTER",
    "AudienceContract",
    "AudienceStand",
    "BellContract",
    "BookkeepingContract",
    "CampaignSourceContract",
    "CampaignStand",
    "ClockContract",
    "ConnectionStatesContract",
    "DeadLettersContract",
    "EngagementBooksContract",
    "EngagementReceiverContract",
    "EngagementSourceContract",
    "EngagementSourceStand",
    "EngagementsContract",
    "HandClock",
    "HistoryContract",
    "LedgerContract",
    "MemoryPlatform",
    "OutboxContract",
    "Platform",
    "ProfileSinkContract",
    "ReceiverStand",
    "SinkStand",
    "Store",
    "StoreStand",
    "ThrowawayPlugin",
    "Trouble",
    "VerifyingSinkContract",
    "change",
    "keeps",
    "messages",
    "scope",
]

# The assertions of the contracts explain themselves when they fail, as those in test files do.
pytest.register_assert_rewrite("petiole.testing.contracts")

__getattr__ = door(
    __name__,
    {
        "ERRORS": "contracts.troubles",
        "MOMENT": "contracts.engagement_source",
        "RETRY_AFTER": "stands",
        "AudienceContract": "contracts.audience",
        "AudienceStand": "stands",
        "BellContract": "contracts.bell",
        "BookkeepingContract": "contracts.bookkeeping",
        "CampaignSourceContract": "contracts.campaign_source",
        "CampaignStand": "stands",
        "ClockContract": "contracts.clock",
        "ConnectionStatesContract": "contracts.connection_states",
        "DeadLettersContract": "contracts.dead_letters",
        "EngagementBooksContract": "contracts.engagement_books",
        "EngagementReceiverContract": "contracts.engagement_receiver",
        "EngagementSourceContract": "contracts.engagement_source",
        "EngagementSourceStand": "stands",
        "EngagementsContract": "contracts.engagements",
        "HandClock": "stands",
        "HistoryContract": "contracts.history",
        "LedgerContract": "contracts.ledger",
        "MemoryPlatform": "platform",
        "OutboxContract": "contracts.outbox",
        "Platform": "stands",
        "ProfileSinkContract": "contracts.profile_sink",
        "ReceiverStand": "stands",
        "SinkStand": "stands",
        "Store": "stands",
        "StoreStand": "stands",
        "ThrowawayPlugin": "throwaway",
        "Trouble": "stands",
        "VerifyingSinkContract": "contracts.profile_sink",
        "change": "changes",
        "keeps": "promises",
        "messages": "changes",
        "scope": "changes",
    },
)


def __dir__() -> list[str]:
    """List the names behind the door."""
    return __all__

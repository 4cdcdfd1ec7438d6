"""The kit for those who write adapters: what every port promises, as tests to run against yours.

    from petiole.testing import ProfileSinkContract

    class TestAcmeSink(ProfileSinkContract):
        @pytest.fixture
        def sink(self, platform: AcmePlatform) -> AcmeSink:
            return AcmeSink(platform.url)

Each name is imported when it is first asked for: the pytest plugin lives behind this door too, and
is loaded in every test run of whoever has petiole installed.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from petiole.testing.contracts.audience import AudienceContract
    from petiole.testing.contracts.bell import BellContract
    from petiole.testing.contracts.bookkeeping import BookkeepingContract
    from petiole.testing.contracts.campaign_source import CampaignSourceContract
    from petiole.testing.contracts.clock import ClockContract
    from petiole.testing.contracts.connection_states import ConnectionStatesContract
    from petiole.testing.contracts.dead_letters import DeadLettersContract
    from petiole.testing.contracts.history import HistoryContract
    from petiole.testing.contracts.ledger import LedgerContract
    from petiole.testing.contracts.outbox import OutboxContract
    from petiole.testing.contracts.profile_sink import ProfileSinkContract, VerifyingSinkContract
    from petiole.testing.platform import MemoryPlatform
    from petiole.testing.promises import keeps
    from petiole.testing.stands import (
        RETRY_AFTER,
        AudienceStand,
        CampaignStand,
        HandClock,
        Platform,
        SinkStand,
        Store,
        StoreStand,
        Trouble,
    )
    from petiole.testing.throwaway import ThrowawayPlugin

__all__ = [
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
    "HandClock",
    "HistoryContract",
    "LedgerContract",
    "MemoryPlatform",
    "OutboxContract",
    "Platform",
    "ProfileSinkContract",
    "SinkStand",
    "Store",
    "StoreStand",
    "ThrowawayPlugin",
    "Trouble",
    "VerifyingSinkContract",
    "keeps",
]

_HOMES = {
    "AudienceContract": "contracts.audience",
    "BellContract": "contracts.bell",
    "BookkeepingContract": "contracts.bookkeeping",
    "CampaignSourceContract": "contracts.campaign_source",
    "ClockContract": "contracts.clock",
    "ConnectionStatesContract": "contracts.connection_states",
    "DeadLettersContract": "contracts.dead_letters",
    "HistoryContract": "contracts.history",
    "LedgerContract": "contracts.ledger",
    "MemoryPlatform": "platform",
    "OutboxContract": "contracts.outbox",
    "ProfileSinkContract": "contracts.profile_sink",
    "ThrowawayPlugin": "throwaway",
    "VerifyingSinkContract": "contracts.profile_sink",
    "keeps": "promises",
}

# The assertions of the contracts explain themselves when they fail, as those in test files do.
pytest.register_assert_rewrite("petiole.testing.contracts")


def __getattr__(name: str) -> object:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'stands')}"), name)


def __dir__() -> list[str]:
    """List the names behind the door."""
    return __all__

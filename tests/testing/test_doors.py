"""What programs and authors of adapters may import: to change these lists is to change their code.

The door of plugins is pinned in tests/hooks.
"""

from types import ModuleType

import pytest

from petiole import core, hooks, host, testing

CORE = [
    "ACCEPTED",
    "Accepted",
    "AccountName",
    "Ambiguous",
    "Aspect",
    "Audience",
    "AudienceError",
    "AudienceRow",
    "BatchSettled",
    "BounceType",
    "Campaign",
    "CampaignSource",
    "ChangeId",
    "ChangeKind",
    "ConfigurationError",
    "ConnectionHeld",
    "ConnectionName",
    "ConnectionPaused",
    "Deferred",
    "DeliveryError",
    "DeliveryReport",
    "Diagnosis",
    "EndpointRefused",
    "Engagement",
    "EngagementKind",
    "EngagementPage",
    "EngagementReceiver",
    "EngagementSink",
    "EngagementSource",
    "EnqueueReceipt",
    "Event",
    "Exchange",
    "Fields",
    "Finding",
    "Health",
    "Identifier",
    "IdentifierRefused",
    "IdentifierType",
    "InboundAnswer",
    "InboundCall",
    "InboundRoute",
    "InvalidCredentials",
    "InvalidSettings",
    "JsonValue",
    "LeaseExpired",
    "MalformedRequest",
    "Message",
    "MessageBuried",
    "MessageId",
    "MessageState",
    "MessagesDelivered",
    "MissingSecret",
    "Observer",
    "Origin",
    "OutboxAvailable",
    "OutboxBusy",
    "OutboxError",
    "OutboxUnavailable",
    "Outcome",
    "Permanent",
    "PetioleError",
    "ProfileChange",
    "ProfileSink",
    "Received",
    "RefusedEngagement",
    "RefusedRow",
    "Rejected",
    "Scope",
    "SegmentId",
    "StoredEngagement",
    "Tally",
    "Throttled",
    "Timeout",
    "Transient",
    "Unavailable",
    "VerifyingSink",
]
HOST = [
    "Condition",
    "ConnectionStatus",
    "Host",
    "RunResult",
    "Settings",
    "SyncResult",
    "load_settings",
]
TESTING = [
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


@pytest.mark.parametrize(("door", "names"), [(core, CORE), (host, HOST), (testing, TESTING)])
def test_door_offers_these_names(door: ModuleType, names: list[str]) -> None:
    assert door.__all__ == names


@pytest.mark.parametrize("door", [core, hooks, host, testing])
def test_every_name_leads_somewhere(door: ModuleType) -> None:
    assert [name for name in door.__all__ if getattr(door, name, None) is None] == []


@pytest.mark.parametrize("door", [core, host, testing])
def test_unknown_name_is_told_as_every_module_tells_it(door: ModuleType) -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = door.Nonsense


def test_names_of_the_kit_are_listed() -> None:
    assert dir(testing) == sorted(TESTING)

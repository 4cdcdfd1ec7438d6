"""Where mutants live: which suite hands out which adapter, and how a broken one gets in there."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from petiole.core.domain.change import SegmentId
from petiole.core.domain.engagement import EngagementKind
from petiole.core.domain.identity import Identifier
from petiole.core.ports.audience import Audience
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.engagement_receiver import EngagementReceiver, InboundCall
from petiole.testing.contracts.audience import AudienceContract
from petiole.testing.contracts.bell import BellContract
from petiole.testing.contracts.bookkeeping import BookkeepingContract
from petiole.testing.contracts.campaign_source import CampaignSourceContract
from petiole.testing.contracts.clock import ClockContract
from petiole.testing.contracts.connection_states import ConnectionStatesContract
from petiole.testing.contracts.dead_letters import DeadLettersContract
from petiole.testing.contracts.engagement_books import EngagementBooksContract
from petiole.testing.contracts.engagement_receiver import EngagementReceiverContract
from petiole.testing.contracts.engagement_source import EngagementSourceContract
from petiole.testing.contracts.engagements import EngagementsContract
from petiole.testing.contracts.history import HistoryContract
from petiole.testing.contracts.ledger import LedgerContract
from petiole.testing.contracts.outbox import OutboxContract
from petiole.testing.contracts.profile_sink import ProfileSinkContract, VerifyingSinkContract
from petiole.testing.standing import SinkOnPlatform
from petiole.testing.stands import (
    AudienceStand,
    CampaignStand,
    EngagementSourceStand,
    ReceiverStand,
    SinkStand,
    Trouble,
)
from petiole.testing.zoo import (
    audiences,
    bells,
    books,
    campaigns,
    careless_sinks,
    claims,
    clocks,
    engagement_books,
    engagement_sources,
    engagements,
    entering,
    histories,
    indiscreet_sinks,
    ledgers,
    letters,
    outboxes,
    readers,
    receivers,
    settlements,
    sinks,
    states,
    troubled_sinks,
)
from petiole.testing.zoo.mutant import Mutant, mutants_in
from petiole.testing.zoo.stores import InfestedStores

if TYPE_CHECKING:
    from petiole.core.ports.engagement_source import EngagementSource
    from petiole.core.ports.profile_sink import ProfileSink


@dataclass(frozen=True, slots=True)
class Habitat:
    """The suite's `fixture` gives the adapter, alone or on a stand; `infest` breaks it there."""

    suite: type
    fixture: str
    mutants: Sequence[Mutant]
    infest: Callable[[Mutant, object], object]


class InfestedAudiences:
    """Makes broken sources."""

    def __init__(self, mutant: Mutant, stand: AudienceStand) -> None:
        self._mutant = mutant
        self._stand = stand

    def source(self, rows: list[dict[str, str]]) -> Audience:
        """Break one."""
        return self._broken(self._stand.source(rows))

    def damaged(self, rows: list[dict[str, str]], broken: int) -> Audience:
        """Break one."""
        return self._broken(self._stand.damaged(rows, broken))

    def unreadable(self) -> Audience:
        """Break one."""
        return self._broken(self._stand.unreadable())

    def _broken(self, audience: Audience) -> Audience:
        return cast("Audience", self._mutant.bent(audience))


class InfestedCampaigns:
    """A broken source; the same one as long as the good one is the same."""

    def __init__(self, mutant: Mutant, stand: CampaignStand) -> None:
        self._mutant = mutant
        self._stand = stand
        self._good: CampaignSource | None = None
        self._broken: object = None

    @property
    def source(self) -> CampaignSource:
        """The broken one."""
        if self._stand.source is not self._good:
            self._good = self._stand.source
            self._broken = self._mutant.bent(self._good)
        return cast("CampaignSource", self._broken)

    def offer(self, campaigns: Mapping[SegmentId, str]) -> None:
        """As the good one's."""
        self._stand.offer(campaigns)

    def meet(self, trouble: Trouble) -> None:
        """As the good one's."""
        self._stand.meet(trouble)


class InfestedReceiver:
    """A broken receiver."""

    def __init__(self, mutant: Mutant, stand: ReceiverStand) -> None:
        self.receiver = cast("EngagementReceiver", mutant.bent(stand.receiver))
        self._stand = stand

    def identifier(self, number: int) -> Identifier:
        """As the good one's."""
        return self._stand.identifier(number)

    def call(self, number: int, kind: EngagementKind, at: datetime) -> InboundCall:
        """As the good one's."""
        return self._stand.call(number, kind, at)

    def malformed(self, mark: str) -> Sequence[InboundCall]:
        """As the good one's."""
        return self._stand.malformed(mark)

    def strangers(self) -> Sequence[Mapping[str, str]]:
        """As the good one's."""
        return self._stand.strangers()


class InfestedEngagementSource:
    """A broken source."""

    def __init__(self, mutant: Mutant, stand: EngagementSourceStand) -> None:
        self.source = cast("EngagementSource", mutant.bent(stand.source))
        self._stand = stand

    @property
    def calls(self) -> int:
        """As the good one's."""
        return self._stand.calls

    def identifier(self, number: int) -> Identifier:
        """As the good one's."""
        return self._stand.identifier(number)

    def happen(self, at: datetime, acts: Mapping[int, Collection[EngagementKind]]) -> None:
        """As the good one's."""
        self._stand.happen(at, acts)

    def meet(self, trouble: Trouble) -> None:
        """As the good one's."""
        self._stand.meet(trouble)


def infest_sink(mutant: Mutant, stand: object) -> object:
    """Break the sink on its stand."""
    good = cast("SinkStand", stand)
    return SinkOnPlatform(cast("ProfileSink", mutant.bent(good.sink)), good)


def infest_audiences(mutant: Mutant, stand: object) -> object:
    """Break the audiences that the stand makes."""
    return InfestedAudiences(mutant, cast("AudienceStand", stand))


def infest_campaigns(mutant: Mutant, stand: object) -> object:
    """Break the source on its stand."""
    return InfestedCampaigns(mutant, cast("CampaignStand", stand))


def infest_receiver(mutant: Mutant, stand: object) -> object:
    """Break the receiver on its stand."""
    return InfestedReceiver(mutant, cast("ReceiverStand", stand))


def infest_engagement_source(mutant: Mutant, stand: object) -> object:
    """Break the source on its stand."""
    return InfestedEngagementSource(mutant, cast("EngagementSourceStand", stand))


HABITATS = (
    Habitat(
        ProfileSinkContract,
        "stand",
        mutants_in(sinks, careless_sinks, troubled_sinks, indiscreet_sinks),
        infest_sink,
    ),
    Habitat(VerifyingSinkContract, "stand", mutants_in(readers), infest_sink),
    Habitat(CampaignSourceContract, "stand", mutants_in(campaigns), infest_campaigns),
    Habitat(EngagementReceiverContract, "stand", mutants_in(receivers), infest_receiver),
    Habitat(
        EngagementSourceContract, "stand", mutants_in(engagement_sources), infest_engagement_source
    ),
    Habitat(AudienceContract, "stand", mutants_in(audiences), infest_audiences),
    Habitat(ClockContract, "clock", mutants_in(clocks), Mutant.bent),
    Habitat(OutboxContract, "stand", mutants_in(outboxes, claims, settlements), InfestedStores),
    Habitat(LedgerContract, "stand", mutants_in(ledgers, entering), InfestedStores),
    Habitat(BookkeepingContract, "stand", mutants_in(books), InfestedStores),
    Habitat(ConnectionStatesContract, "stand", mutants_in(states), InfestedStores),
    Habitat(DeadLettersContract, "stand", mutants_in(letters), InfestedStores),
    Habitat(HistoryContract, "stand", mutants_in(histories), InfestedStores),
    Habitat(EngagementsContract, "stand", mutants_in(engagements), InfestedStores),
    Habitat(EngagementBooksContract, "stand", mutants_in(engagement_books), InfestedStores),
    Habitat(BellContract, "stand", mutants_in(bells), InfestedStores),
)


def habitats_of(suite: type) -> Sequence[Habitat]:
    """List the habitats that a suite belongs to, through any of its bases."""
    return [habitat for habitat in HABITATS if issubclass(suite, habitat.suite)]

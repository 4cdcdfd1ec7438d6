"""What a recipient did, or what became of a mail: the five kinds that come back."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import BatchId, MessageId

EngagementId = NewType("EngagementId", int)
"""Given when it is stored, ascending; never used twice."""
Origin = NewType("Origin", str)
"""How it came: by push or by one kind of pull; ids of events mean something within one only."""


class EngagementKind(StrEnum):
    """What happened to a mail."""

    RECEIVE = "receive"
    """It was delivered to the recipient's mailbox."""
    OPEN = "open"
    CLICK = "click"
    BOUNCE = "bounce"
    """It could not be delivered."""
    COMPLAINT = "complaint"
    """The recipient called it spam."""


class BounceType(StrEnum):
    """Whether trying again may help."""

    HARD = "hard"
    """The address does not exist, or refuses for good."""
    SOFT = "soft"
    """A passing trouble, such as a full mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """One event. Two of one origin are the same if their `event` is; see `is_repeat_of` for others.

    `event` is the origin's own id, empty where it gives none. `bounce` and `by_machine` are `None`
    where the origin does not tell; the latter marks opens and clicks of scanners, not of people.
    The links are there for clicks only.
    """

    connection: ConnectionName
    origin: Origin
    identifier: Identifier
    kind: EngagementKind
    occurred_at: datetime
    event: str = ""
    campaign_id: str = ""
    brand_id: str = ""
    mailing_type: str = ""
    content_name: str = ""
    link_href: str = ""
    link_description: str = ""
    bounce: BounceType | None = None
    by_machine: bool | None = None

    @property
    def likeness(self) -> tuple[str, ...]:
        """What two tellings of one event share, whoever tells it: who, what, where, when.

        To the second, as not every origin is finer.
        """
        return (
            self.connection,
            self.identifier.type,
            self.identifier.value,
            self.kind,
            self.campaign_id,
            self.content_name,
            self.link_href,
            self.occurred_at.strftime("%Y-%m-%dT%H:%M:%S"),
        )


def is_repeat(new: Engagement, known: Engagement) -> bool:
    """Tell whether an event was stored before.

    Within one origin its own ids decide where both have one; else likeness does.
    """
    if new.origin == known.origin and new.event and known.event:
        return (new.connection, new.event) == (known.connection, known.event)
    return new.likeness == known.likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The delivery that an engagement goes back to."""

    message: MessageId
    segment: SegmentId
    batch: BatchId | None
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEngagement:
    """An engagement as it is kept; `cause` is `None` as long as no delivery fits it."""

    id: EngagementId
    engagement: Engagement
    received_at: datetime
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEngagement:
    """Something that came and could not be read, kept for analysis.

    `content` is what came, cut off at some thousand characters.
    """

    connection: ConnectionName
    origin: Origin
    received_at: datetime
    reason: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementSelection:
    """Which engagements are meant: all conditions together; an empty one means any."""

    connections: Collection[ConnectionName] = ()
    kinds: Collection[EngagementKind] = ()
    campaign_id: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def fits(self, engagement: Engagement) -> bool:
        """Tell whether an engagement is meant."""
        return (
            (not self.connections or engagement.connection in self.connections)
            and (not self.kinds or engagement.kind in self.kinds)
            and (not self.campaign_id or engagement.campaign_id == self.campaign_id)
            and (self.since is None or engagement.occurred_at >= self.since)
            and (self.until is None or engagement.occurred_at < self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSummary:
    """One campaign of one connection: how many recipients did what.

    `accepted` counts the profiles that the platform took in the segments that the campaign's
    engagements go back to: those it holds there, and those who engaged and have left since.
    `recipients` counts distinct profiles by kind, people only, and only those with a cause;
    `by_machine` opens and clicks of scanners, as far as the origin tells; `unmatched` engagements
    without a cause.
    """

    connection: ConnectionName
    campaign_id: str
    accepted: int
    recipients: Mapping[EngagementKind, int]
    by_machine: int
    unmatched: int
    median_time_to_receive: timedelta | None

    def share(self, kind: EngagementKind) -> float | None:
        """Tell which share of the accepted profiles met with a kind; `None` of nobody."""
        return self.recipients.get(kind, 0) / self.accepted if self.accepted else None


SUPPRESSIBLE = frozenset({EngagementKind.COMPLAINT, EngagementKind.BOUNCE})
"""Kinds after which a profile may be left out of later syncs; of bounces not the soft ones."""

"""One sending of a mail, and what its recipients did with it: values only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from petiole.plugins.canopydeploy.sandbox.crm.customer import Customer


class MailingType(StrEnum):
    """How a mailing came about. Assumed, but for the first."""

    CAMPAIGN = "CAMPAIGN"
    """A campaign sent it."""
    QUICKMAIL = "QUICKMAIL"
    """Someone sent one mail to one audience."""


class BounceCategory(StrEnum):
    """Why a mail came back. Assumed."""

    HARD = "HARD"
    """The address does not exist; nothing more is sent to it."""
    SOFT = "SOFT"
    """The mailbox could not take it at that moment."""

    @property
    def rule(self) -> str:
        """What the recipient's server said. Made up, after RFC 3463."""
        return "550 5.1.1 unknown user" if self is self.HARD else "452 4.2.2 mailbox full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A tracked link in a mailing."""

    id: int
    mailing_id: int
    url: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One sending; `targeted` counts the customers it was meant for."""

    id: int
    campaign_id: int | None
    campaign_name: str
    object_id: int | None
    email_id: int | None
    content_name: str
    description: str
    type: MailingType
    source_type: str
    source_name: str
    targeted: int
    links: tuple[Link, ...]
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A mail that reached the mailbox, or came back from it; `number` is its place among all."""

    number: int
    uuid: str
    mailing_id: int
    customer_id: int
    delivered_at: datetime

    @property
    def id(self) -> str:
        """Its number, a text in this one type."""
        return f"{self.mailing_id}-{self.customer_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a recipient, or a recipient's server, did at a moment.

    `by_machine` marks the opens and clicks of scanners that look at mails before people do.
    """

    id: int
    uuid: str
    mailing_id: int
    customer_id: int
    at: datetime
    by_machine: bool = False


class EventFacts(TypedDict):
    """What every event has, for making one."""

    id: int
    uuid: str
    mailing_id: int
    customer_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Event):
    """The pictures of a mail were loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Event):
    """A link of a mail was followed."""

    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce(Event):
    """A mail came back."""

    category: BounceCategory
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint(Event):
    """A recipient called a mail spam."""

    feedback_loop: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingReport:
    """A mailing with its counters at one moment."""

    mailing: Mailing
    received: int
    opens: int
    unique_opens: int
    clicks: int
    unique_clicks: int
    bounces: int
    complaints: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """A delivery with all that followed; `customer` is None once they were deleted."""

    delivery: Delivery
    customer: Customer | None
    opens: Sequence[Open]
    clicks: Sequence[Click]
    bounce: Bounce | None
    complaint: Complaint | None

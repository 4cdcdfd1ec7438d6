"""All mailings of the brand, with their deliveries and what the recipients did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from threading import RLock
from typing import TypeVar
from uuid import UUID

from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaign
from petiole.plugins.canopydeploy.sandbox.crm.chronicle import Chronicle, Entry, Occasion
from petiole.plugins.canopydeploy.sandbox.crm.customers import Customers
from petiole.plugins.canopydeploy.sandbox.crm.errors import InvalidValue, NotFound
from petiole.plugins.canopydeploy.sandbox.crm.event import Events
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.mailing import (
    Bounce,
    BounceCategory,
    Click,
    Complaint,
    Delivery,
    DeliveryReport,
    Event,
    EventFacts,
    Link,
    Mailing,
    MailingReport,
    MailingType,
    Open,
)
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.staging import PLAIN, Staging
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

_FIRST_DELIVERY = 800_001

_E = TypeVar("_E", bound=Event)


class Mailings:
    """The mailing table and its five kinds of events.

    An event is at `at`, or now; where a like one has taken that second, at the next one that is
    free, unless its mailing was staged without that.
    """

    def __init__(self, *, lock: RLock, now: Now, customers: Customers, salt: UUID) -> None:
        self.lock = lock
        self._now = now
        self._customers = customers
        self._ids = count(9001)
        self._link_ids = count(7001)
        self._rows = Table[Mailing]("Mailing")
        self._links = Table[Link]("Mailing link")
        self._deliveries: dict[int, dict[int, Delivery]] = {}
        self._delivery_numbers = count(_FIRST_DELIVERY)
        self._chronicle = Chronicle(salt=salt)
        self._stagings: dict[int, Staging] = {}
        self.opens = Events[Open]("Open", first_id=300_001)
        self.clicks = Events[Click]("Click", first_id=400_001)
        self.bounces = Events[Bounce]("Bounce", first_id=500_001)
        self.complaints = Events[Complaint]("Complaint", first_id=600_001)

    @locked
    def send(
        self,
        customer_ids: Sequence[int],
        *,
        content_name: str,
        campaign: Campaign | None = None,
        source: tuple[str, str] = ("", ""),
        email_id: int | None = None,
        description: str = "",
        staging: Staging = PLAIN,
        arrivals: Mapping[int, datetime | None] | None = None,
    ) -> Mailing:
        """Send a mail; a customer who cannot be mailed counts as targeted and gets none.

        Without a campaign it is a quick mail. `source` is the (type, name) of the audience.
        `arrivals` tells when it comes to whom, None being at once; who is missing there gets none.
        """
        moment = staging.started_at or self._now()
        mailing_id = next(self._ids)
        made = tuple(
            Link(id=next(self._link_ids), mailing_id=mailing_id, url=url, description=text)
            for url, text in staging.links
        )
        mailing = Mailing(
            id=mailing_id,
            campaign_id=campaign.id if campaign else None,
            campaign_name=campaign.name if campaign else "",
            object_id=campaign.object_id if campaign else None,
            email_id=email_id,
            content_name=content_name,
            description=description,
            type=MailingType.CAMPAIGN if campaign else MailingType.QUICKMAIL,
            source_type="CAMPAIGN" if campaign else source[0],
            source_name=campaign.name if campaign else source[1],
            targeted=len(customer_ids),
            links=made,
            started_at=moment,
        )
        self._rows[mailing.id] = mailing
        self._links.update({link.id: link for link in made})
        self._stagings[mailing.id] = staging
        self._deliveries[mailing.id] = {
            row.id: self._delivered(mailing, row.id, (arrivals or {}).get(row.id) or moment)
            for row in self._customers.present(customer_ids)
            if (staging.to_all or row.mailable) and (arrivals is None or row.id in arrivals)
        }
        return mailing

    @locked
    def open(
        self,
        mailing_id: int,
        customer_id: int,
        *,
        at: datetime | None = None,
        by_machine: bool = False,
    ) -> Open:
        """Let a recipient open a mailing; NotFound if it was not delivered to them."""
        facts = self._facts(self.opens, self._delivery(mailing_id, customer_id), at)
        return self._entered(self.opens, Open(**facts, by_machine=by_machine))

    @locked
    def click(
        self,
        mailing_id: int,
        customer_id: int,
        *,
        link_id: int,
        at: datetime | None = None,
        by_machine: bool = False,
    ) -> Click:
        """Let a recipient follow a link; NotFound for a wrong link or no delivery."""
        delivery = self._delivery(mailing_id, customer_id)
        link = self.link(link_id)
        if link.mailing_id != mailing_id:
            raise InvalidValue(f"Link [{link_id}] is not in mailing [{mailing_id}]")
        facts = self._facts(self.clicks, delivery, at, url=link.url)
        return self._entered(self.clicks, Click(**facts, link=link, by_machine=by_machine))

    @locked
    def bounce(
        self,
        mailing_id: int,
        customer_id: int,
        *,
        category: BounceCategory = BounceCategory.HARD,
        at: datetime | None = None,
    ) -> Bounce:
        """Let a mail come back, and count it against the customer."""
        delivery = self._delivery(mailing_id, customer_id)
        for row in self._customers.present((customer_id,)):
            hard, soft = category is BounceCategory.HARD, category is BounceCategory.SOFT
            self._customers.put(
                replace(
                    row,
                    hard_bounces=row.hard_bounces + hard,
                    soft_bounces=row.soft_bounces + soft,
                )
            )
        facts = self._facts(self.bounces, delivery, at)
        bounce = Bounce(**facts, category=category, rule=category.rule)
        return self._entered(self.bounces, bounce)

    @locked
    def complain(
        self, mailing_id: int, customer_id: int, *, at: datetime | None = None
    ) -> Complaint:
        """Let a recipient call the mail spam; they are opted out (assumed)."""
        delivery = self._delivery(mailing_id, customer_id)
        for row in self._customers.present((customer_id,)):
            fields = {**row.fields, "optIn": "N"}
            self._customers.put(replace(row, fields=fields, complaints=row.complaints + 1))
        facts = self._facts(self.complaints, delivery, at)
        complaint = Complaint(**facts, feedback_loop="feedback.example.org")
        return self._entered(self.complaints, complaint)

    @locked
    def get(self, mailing_id: int | None) -> Mailing:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        return self._rows.find(mailing_id)

    @locked
    def link(self, link_id: int | None) -> Link:
        """Find a link by id.

        Raises:
            NotFound: There is none.
        """
        return self._links.find(link_id)

    @locked
    def where(self, wanted: Callable[[Mailing], bool]) -> Sequence[Mailing]:
        """Find all that the predicate accepts, oldest first."""
        return tuple(row for row in self._rows.values() if wanted(row))

    @locked
    def recipients(self, mailing_id: int) -> Sequence[int]:
        """Tell the ids of the customers to whom it was delivered."""
        return tuple(self._deliveries[self.get(mailing_id).id])

    @locked
    def sent(self, mailing_id: int) -> Sequence[Delivery]:
        """Answer the deliveries of a mailing."""
        return tuple(self._deliveries[self.get(mailing_id).id].values())

    @locked
    def happened(self, since: int = 0) -> Sequence[Entry]:
        """Answer what became of all mails, in the order of entry, from a place on.

        A delivery says no more than that the mail went out; it may have bounced.
        """
        return self._chronicle.since(since)

    @locked
    def report(self, mailing: Mailing) -> MailingReport:
        """Count what has happened so far."""
        bounces = len(self.bounces.of(mailing.id))
        return MailingReport(
            mailing=mailing,
            received=len(self._deliveries[mailing.id]) - bounces,
            opens=len(self.opens.of(mailing.id)),
            unique_opens=len(self.opens.customer_ids(mailing.id)),
            clicks=len(self.clicks.of(mailing.id)),
            unique_clicks=len(self.clicks.customer_ids(mailing.id)),
            bounces=bounces,
            complaints=len(self.complaints.of(mailing.id)),
        )

    @locked
    def deliveries(self, mailing_id: int | None) -> Sequence[DeliveryReport]:
        """Report every delivery of a mailing."""
        return tuple(
            self._delivery_report(row) for row in self._deliveries[self.get(mailing_id).id].values()
        )

    def _delivery_report(self, row: Delivery) -> DeliveryReport:
        customer = self._customers.present((row.customer_id,))
        bounces = self.bounces.of(row.mailing_id, customer_id=row.customer_id)
        complaints = self.complaints.of(row.mailing_id, customer_id=row.customer_id)
        return DeliveryReport(
            delivery=row,
            customer=customer[0] if customer else None,
            opens=self.opens.of(row.mailing_id, customer_id=row.customer_id),
            clicks=self.clicks.of(row.mailing_id, customer_id=row.customer_id),
            bounce=bounces[-1] if bounces else None,
            complaint=complaints[-1] if complaints else None,
        )

    def _delivered(self, mailing: Mailing, customer_id: int, at: datetime) -> Delivery:
        number, occasion = next(self._delivery_numbers), self._occasion(mailing.id, customer_id)
        delivery = Delivery(
            number=number,
            uuid=self._chronicle.uuid("Delivery", number),
            mailing_id=mailing.id,
            customer_id=customer_id,
            delivered_at=self._chronicle.moment("Delivery", occasion, at),
        )
        self._chronicle.add(delivery)
        return delivery

    def _facts(
        self, events: Events[_E], delivery: Delivery, at: datetime | None, *, url: str = ""
    ) -> EventFacts:
        """Make what a new event has in common with every other; it takes its moment."""
        number = events.next_id()
        occasion = self._occasion(delivery.mailing_id, delivery.customer_id)
        return EventFacts(
            id=number,
            uuid=self._chronicle.uuid(events.kind, number),
            mailing_id=delivery.mailing_id,
            customer_id=delivery.customer_id,
            at=self._chronicle.moment(events.kind, occasion, at or self._now(), url=url),
        )

    def _entered(self, events: Events[_E], event: _E) -> _E:
        events.add(event)
        self._chronicle.add(event)
        return event

    def _occasion(self, mailing_id: int, customer_id: int) -> Occasion:
        distinct = self._stagings[mailing_id].distinct
        return Occasion(self._rows[mailing_id], customer_id, distinct)

    def _delivery(self, mailing_id: int, customer_id: int) -> Delivery:
        row = self._deliveries[self.get(mailing_id).id].get(customer_id)
        if row is None:
            raise NotFound("Delivery", f"{mailing_id}-{customer_id}")
        return row

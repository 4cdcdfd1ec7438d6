"""All mailings of the brand, with their deliveries and what the recipients did."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaign
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
    Link,
    Mailing,
    MailingReport,
    MailingType,
    Open,
)
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

START_LINKS = (
    ("https://www.example.org/lisbon", "Hero button"),
    ("https://www.example.org/offers", "All offers"),
)
"""The (address, description) pairs of a mail whose links nobody named."""

_RULES = {
    BounceCategory.HARD: "550 5.1.1 unknown user",
    BounceCategory.SOFT: "452 4.2.2 mailbox full",
}


class Mailings:
    """The mailing table and its five kinds of events."""

    def __init__(self, *, lock: RLock, now: Now, customers: Customers) -> None:
        self.lock = lock
        self._now = now
        self._customers = customers
        self._ids = count(9001)
        self._link_ids = count(7001)
        self._rows = Table[Mailing]("Mailing")
        self._links = Table[Link]("Mailing link")
        self._deliveries: dict[int, dict[int, Delivery]] = {}
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
        links: Sequence[tuple[str, str]] = START_LINKS,
        to_all: bool = False,
    ) -> Mailing:
        """Send a mail; a customer who cannot be mailed counts as targeted and gets none.

        `to_all` delivers it to them as well, since a customer whom a webhook made has no address.
        Without a campaign it is a quick mail. `source` is the (type, name) of the audience,
        `links` are (address, description) pairs.
        """
        moment = self._now()
        mailing_id = next(self._ids)
        made = tuple(
            Link(id=next(self._link_ids), mailing_id=mailing_id, url=url, description=text)
            for url, text in links
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
        self._deliveries[mailing.id] = {
            row.id: Delivery(mailing_id=mailing.id, customer_id=row.id, delivered_at=moment)
            for row in self._customers.present(customer_ids)
            if to_all or row.mailable
        }
        return mailing

    @locked
    def open(self, mailing_id: int, customer_id: int) -> Open:
        """Let a recipient open a mailing; NotFound if it was not delivered to them."""
        self._delivery(mailing_id, customer_id)
        return self.opens.add(
            Open(
                id=self.opens.next_id(),
                mailing_id=mailing_id,
                customer_id=customer_id,
                at=self._now(),
            )
        )

    @locked
    def click(self, mailing_id: int, customer_id: int, *, link_id: int) -> Click:
        """Let a recipient follow a link; NotFound for a wrong link or no delivery."""
        self._delivery(mailing_id, customer_id)
        link = self.link(link_id)
        if link.mailing_id != mailing_id:
            raise InvalidValue(f"Link [{link_id}] is not in mailing [{mailing_id}]")
        return self.clicks.add(
            Click(
                id=self.clicks.next_id(),
                mailing_id=mailing_id,
                customer_id=customer_id,
                at=self._now(),
                link=link,
            )
        )

    @locked
    def bounce(
        self, mailing_id: int, customer_id: int, *, category: BounceCategory = BounceCategory.HARD
    ) -> Bounce:
        """Let a mail come back, and count it against the customer."""
        self._delivery(mailing_id, customer_id)
        for row in self._customers.present((customer_id,)):
            hard, soft = category is BounceCategory.HARD, category is BounceCategory.SOFT
            self._customers.put(
                replace(
                    row,
                    hard_bounces=row.hard_bounces + hard,
                    soft_bounces=row.soft_bounces + soft,
                )
            )
        return self.bounces.add(
            Bounce(
                id=self.bounces.next_id(),
                mailing_id=mailing_id,
                customer_id=customer_id,
                at=self._now(),
                category=category,
                rule=_RULES[category],
            )
        )

    @locked
    def complain(self, mailing_id: int, customer_id: int) -> Complaint:
        """Let a recipient call the mail spam; they are opted out (assumed)."""
        self._delivery(mailing_id, customer_id)
        for row in self._customers.present((customer_id,)):
            fields = {**row.fields, "optIn": "N"}
            self._customers.put(replace(row, fields=fields, complaints=row.complaints + 1))
        return self.complaints.add(
            Complaint(
                id=self.complaints.next_id(),
                mailing_id=mailing_id,
                customer_id=customer_id,
                at=self._now(),
                feedback_loop="feedback.example.org",
            )
        )

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

    def _delivery(self, mailing_id: int, customer_id: int) -> Delivery:
        row = self._deliveries[self.get(mailing_id).id].get(customer_id)
        if row is None:
            raise NotFound("Delivery", f"{mailing_id}-{customer_id}")
        return row

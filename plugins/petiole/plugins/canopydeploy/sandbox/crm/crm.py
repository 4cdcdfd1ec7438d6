"""The CRM behind all the platform's doors: one state, one lock, one clock."""

from collections.abc import Sequence
from datetime import datetime
from threading import RLock
from typing import assert_never
from uuid import UUID

from petiole.plugins.canopydeploy.sandbox.crm.act import Act, Deed, Parts, usual_part
from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaigns, Options, RunListener
from petiole.plugins.canopydeploy.sandbox.crm.customers import Customers
from petiole.plugins.canopydeploy.sandbox.crm.email import Emails
from petiole.plugins.canopydeploy.sandbox.crm.field import OptionLimit, documented_limit
from petiole.plugins.canopydeploy.sandbox.crm.group import Groups
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.mailing import BounceCategory, Event, Mailing
from petiole.plugins.canopydeploy.sandbox.crm.mailings import Mailings
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now, system_now
from petiole.plugins.canopydeploy.sandbox.crm.staging import PLAIN, Staging

_ONE_BRAND = UUID("6f7c5a1e-20e4-4d0b-9b1f-6a3f0c9d4711")


def _nobody(campaign_id: int, options: Options) -> None:
    """Hear of a run and do nothing."""


class Crm:
    """The brand's data. Hold `lock` (re-entrant) to make several calls one.

    Every start is the same: six campaigns, the root group, no customer; ids count up from fixed
    numbers, so that equal calls give equal states. `salt` goes into the uuids of events.
    """

    def __init__(
        self,
        *,
        now: Now = system_now,
        on_run: RunListener = _nobody,
        option_limit: OptionLimit = documented_limit,
        salt: UUID = _ONE_BRAND,
    ) -> None:
        lock = RLock()
        self.lock = lock
        self.now = now
        self.customers = Customers(lock=lock, now=now, option_limit=option_limit)
        self.groups = Groups(lock=lock, now=now)
        self.campaigns = Campaigns(lock=lock, now=now, on_run=on_run, option_limit=option_limit)
        self.emails = Emails(lock=lock, now=now)
        self.mailings = Mailings(lock=lock, now=now, customers=self.customers, salt=salt)

    @locked
    def delete_customer(self, customer_id: int | None) -> bool:
        """Remove a customer with all memberships; False if there is none. What they did stays."""
        if customer_id is None or not self.customers.delete(customer_id):
            return False
        self.groups.forget(customer_id)
        self.campaigns.forget(customer_id)
        return True

    @locked
    def play_mailing(
        self,
        customer_ids: Sequence[int],
        *,
        campaign_id: int,
        content_name: str,
        parts: Parts = usual_part,
        staging: Staging = PLAIN,
    ) -> Mailing:
        """Send a campaign's mail and let the recipients act, by their place in the list.

        Nobody acts on a mail before it comes.

        Raises:
            NotFound: There is no such campaign.
        """
        campaign = self.campaigns.get(campaign_id)
        played = {each: parts(place) for place, each in enumerate(customer_ids)}
        mailing = self.mailings.send(
            customer_ids,
            content_name=content_name,
            campaign=campaign,
            staging=staging,
            arrivals={each: part.arrives_at for each, part in played.items() if part},
        )
        for delivery in self.mailings.sent(mailing.id):
            part, at = played[delivery.customer_id], delivery.delivered_at
            for deed in part.deeds if part else ():
                at = self._act(deed, mailing, delivery.customer_id, at=max(at, deed.at or at))
        return mailing

    def _act(self, deed: Deed, mailing: Mailing, customer_id: int, *, at: datetime) -> datetime:
        """Let a recipient act, and tell when that was."""
        mailings, where = self.mailings, (mailing.id, customer_id)
        event: Event
        match deed.act:
            case Act.OPEN:
                event = mailings.open(*where, at=at, by_machine=deed.by_machine)
            case Act.CLICK:
                link = mailing.links[deed.link % len(mailing.links)]
                event = mailings.click(*where, link_id=link.id, at=at, by_machine=deed.by_machine)
            case Act.BOUNCE:
                event = mailings.bounce(*where, at=at)
            case Act.SOFT_BOUNCE:
                event = mailings.bounce(*where, category=BounceCategory.SOFT, at=at)
            case Act.COMPLAINT:
                event = mailings.complain(*where, at=at)
            case _:
                assert_never(deed.act)
        return event.at

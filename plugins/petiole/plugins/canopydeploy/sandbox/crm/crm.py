"""The CRM behind all the platform's doors: one state, one lock, one clock."""

from collections.abc import Sequence
from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaigns, Options, RunListener
from petiole.plugins.canopydeploy.sandbox.crm.customers import Customers
from petiole.plugins.canopydeploy.sandbox.crm.email import Emails
from petiole.plugins.canopydeploy.sandbox.crm.field import OptionLimit, documented_limit
from petiole.plugins.canopydeploy.sandbox.crm.group import Groups
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.mailing import BounceCategory, Mailing
from petiole.plugins.canopydeploy.sandbox.crm.mailings import Mailings
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now, system_now

_HARD_BOUNCE_EACH, _SOFT_BOUNCE_EACH, _OPEN_EACH, _CLICK_EACH, _COMPLAINT_EACH = 10, 25, 2, 4, 20


def _nobody(campaign_id: int, options: Options) -> None:
    """Hear of a run and do nothing."""


class Crm:
    """The brand's data. Hold `lock` (re-entrant) to make several calls one.

    Every start is the same: six campaigns, the root group, no customer; ids count up from fixed
    numbers, so that equal calls give equal states.
    """

    def __init__(
        self,
        *,
        now: Now = system_now,
        on_run: RunListener = _nobody,
        option_limit: OptionLimit = documented_limit,
    ) -> None:
        lock = RLock()
        self.lock = lock
        self.now = now
        self.customers = Customers(lock=lock, now=now, option_limit=option_limit)
        self.groups = Groups(lock=lock, now=now)
        self.campaigns = Campaigns(lock=lock, now=now, on_run=on_run, option_limit=option_limit)
        self.emails = Emails(lock=lock, now=now)
        self.mailings = Mailings(lock=lock, now=now, customers=self.customers)

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
        self, customer_ids: Sequence[int], *, campaign_id: int, content_name: str
    ) -> Mailing:
        """Send a campaign's mail and let the recipients act, by their place in the list.

        Every tenth mail bounces hard and every twenty-fifth softly; of the others every second is
        opened, every fourth clicked and every twentieth complained about. The first recipient
        opens and clicks.

        Raises:
            NotFound: There is no such campaign.
        """
        campaign = self.campaigns.get(campaign_id)
        mailing = self.mailings.send(customer_ids, content_name=content_name, campaign=campaign)
        for place, recipient in enumerate(self.mailings.recipients(mailing.id)):
            self._act(mailing, recipient, place=place)
        return mailing

    def _act(self, mailing: Mailing, recipient: int, *, place: int) -> None:
        if place % _HARD_BOUNCE_EACH == _HARD_BOUNCE_EACH - 1:
            self.mailings.bounce(mailing.id, recipient)
            return
        if place % _SOFT_BOUNCE_EACH == _SOFT_BOUNCE_EACH - 1:
            self.mailings.bounce(mailing.id, recipient, category=BounceCategory.SOFT)
            return
        if place % _OPEN_EACH == 0:
            self.mailings.open(mailing.id, recipient)
        if place % _CLICK_EACH == 0:
            link = mailing.links[(place // _CLICK_EACH) % len(mailing.links)]
            self.mailings.click(mailing.id, recipient, link_id=link.id)
        if place % _COMPLAINT_EACH == _COMPLAINT_EACH - 2:
            self.mailings.complain(mailing.id, recipient)

"""The CRM behind all the platform's doors: one state, one lock, one clock."""

from collections.abc import Sequence
from threading import RLock
from typing import assert_never

from petiole.plugins.canopydeploy.sandbox.crm.act import Act, Acts, usual_acts
from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaigns, Options, RunListener
from petiole.plugins.canopydeploy.sandbox.crm.customers import Customers
from petiole.plugins.canopydeploy.sandbox.crm.email import Emails
from petiole.plugins.canopydeploy.sandbox.crm.field import OptionLimit, documented_limit
from petiole.plugins.canopydeploy.sandbox.crm.group import Groups
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.mailing import BounceCategory, Mailing
from petiole.plugins.canopydeploy.sandbox.crm.mailings import Mailings
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now, system_now

_SAME_LINK = 4
"""How many recipients in a row would follow the same link of a mail."""


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
        self,
        customer_ids: Sequence[int],
        *,
        campaign_id: int,
        content_name: str,
        acts: Acts = usual_acts,
        to_all: bool = False,
    ) -> Mailing:
        """Send a campaign's mail and let the recipients act, by their place in the list.

        `to_all` as in `Mailings.send`.

        Raises:
            NotFound: There is no such campaign.
        """
        campaign = self.campaigns.get(campaign_id)
        mailing = self.mailings.send(
            customer_ids, content_name=content_name, campaign=campaign, to_all=to_all
        )
        for place, recipient in enumerate(self.mailings.recipients(mailing.id)):
            link = mailing.links[(place // _SAME_LINK) % len(mailing.links)]
            for act in sorted(acts(place), key=tuple(Act).index):
                self._act(act, mailing.id, recipient, link_id=link.id)
        return mailing

    def _act(self, act: Act, mailing_id: int, recipient: int, *, link_id: int) -> None:
        match act:
            case Act.OPEN:
                self.mailings.open(mailing_id, recipient)
            case Act.CLICK:
                self.mailings.click(mailing_id, recipient, link_id=link_id)
            case Act.BOUNCE:
                self.mailings.bounce(mailing_id, recipient)
            case Act.SOFT_BOUNCE:
                self.mailings.bounce(mailing_id, recipient, category=BounceCategory.SOFT)
            case Act.COMPLAINT:
                self.mailings.complain(mailing_id, recipient)
            case _:
                assert_never(act)

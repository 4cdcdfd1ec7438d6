"""The CRM behind all the platform's doors: one state, one lock, one clock."""

from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.campaign import Campaigns, Options, RunListener
from petiole.plugins.canopydeploy.sandbox.crm.clock import Clock, system_clock
from petiole.plugins.canopydeploy.sandbox.crm.customer import Draft
from petiole.plugins.canopydeploy.sandbox.crm.customers import Customers
from petiole.plugins.canopydeploy.sandbox.crm.group import Groups
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked

__all__ = ["Crm"]


def _nobody(campaign_id: int, options: Options) -> None:
    """Hear of a run and do nothing."""


class Crm:
    """The brand's data. Hold ``lock`` (re-entrant) to make several calls one.

    Every start is the same: six campaigns, the root group, no customer; ids count up from fixed
    numbers, so that equal calls give equal states.
    """

    lock: RLock
    customers: Customers
    groups: Groups
    campaigns: Campaigns

    def __init__(self, *, clock: Clock = system_clock, on_run: RunListener = _nobody) -> None:
        self.lock = RLock()
        self.clock = clock
        self._on_run = on_run
        self.reset()

    @locked
    def reset(self) -> None:
        """Go back to the start state."""
        self.customers = Customers(lock=self.lock, clock=self.clock)
        self.groups = Groups(lock=self.lock, clock=self.clock)
        self.campaigns = Campaigns(lock=self.lock, clock=self.clock, on_run=self._on_run)

    @locked
    def identify(self, *, key: str, value: str) -> int:
        """Answer the id of the customer whose option ``key`` is ``value``, in constant time.

        The oldest one wins; where there is none, a new customer with that option is stored.
        """
        found = self.customers.by_key(f"option:{key}", value)
        return found[0].id if found else self.customers.insert(Draft(options={key: value})).id

    @locked
    def delete_customer(self, customer_id: int | None) -> bool:
        """Remove a customer with all memberships; False if there is none. What they did stays."""
        if customer_id is None or not self.customers.delete(customer_id):
            return False
        self.groups.forget(customer_id)
        self.campaigns.forget(customer_id)
        return True

"""Campaigns: who is in them, and every run that was started over the API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import RLock
from typing import Protocol

from petiole.plugins.canopydeploy.sandbox.crm.errors import Conflict, NotFound
from petiole.plugins.canopydeploy.sandbox.crm.field import OptionLimit
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

Options = Sequence[tuple[str, str]]
"""The (name, value) pairs of a run, in the order in which they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A flow of the brand; only an executable one can be started over the API."""

    id: int
    name: str
    executable: bool = True

    @property
    def object_id(self) -> int:
        """The number of its one mailing object (assumed)."""
        return self.id * 10 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One start of a campaign; `waited` tells `campaign_execute` from its async sister."""

    campaign_id: int
    options: Options
    started_at: datetime
    waited: bool


class RunListener(Protocol):
    """Hears of every run as it starts, in order."""

    def __call__(self, campaign_id: int, options: Options) -> None:
        """Take note of a run, under the CRM's lock; Rejected refuses it, and it never was."""
        ...


START_CAMPAIGNS = (
    Campaign(id=4711, name="Spring rebookers"),
    Campaign(id=4712, name="Welcome series"),
    Campaign(id=4713, name="Basket reminder"),
    Campaign(id=4714, name="Loyalty tier change"),
    Campaign(id=4715, name="Win back"),
    Campaign(id=4799, name="Monthly newsletter", executable=False),
)
"""What a brand starts with here: made up; the last one is sent by hand."""


class Campaigns:
    """The campaigns of the brand, their members and their runs."""

    def __init__(
        self, *, lock: RLock, now: Now, on_run: RunListener, option_limit: OptionLimit
    ) -> None:
        self.lock = lock
        self._now = now
        self._on_run = on_run
        self._option_limit = option_limit
        self._rows = Table[Campaign]("Campaign")
        self._members: dict[int, dict[int, datetime]] = {}
        self._runs: list[Run] = []
        for campaign in START_CAMPAIGNS:
            self.add(campaign)

    @locked
    def add(self, campaign: Campaign) -> None:
        """Put a campaign there, as a user of the portal would."""
        self._rows[campaign.id] = campaign
        self._members.setdefault(campaign.id, {})

    @locked
    def get(self, campaign_id: int | None) -> Campaign:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        return self._rows.find(campaign_id)

    @locked
    def __contains__(self, campaign_id: int) -> bool:
        return campaign_id in self._rows

    @locked
    def all(self) -> Sequence[Campaign]:
        """Answer every campaign."""
        return tuple(self._rows.values())

    @locked
    def executable(self) -> Sequence[Campaign]:
        """Answer the campaigns that the API can start."""
        return tuple(row for row in self._rows.values() if row.executable)

    @locked
    def run(self, campaign_id: int | None, options: Options, *, waited: bool) -> Run:
        """Start a campaign: tell the listener, then note the run.

        Raises:
            NotFound: There is no executable campaign of this id.
            Rejected: The listener refuses it.
        """
        row = self.get(campaign_id)
        if not row.executable:
            raise NotFound("Executable campaign", campaign_id)
        limit = self._option_limit()
        kept = tuple((name, value[:limit]) for name, value in options)
        run = Run(campaign_id=row.id, options=kept, started_at=self._now(), waited=waited)
        self._on_run(run.campaign_id, run.options)
        self._runs.append(run)
        return run

    @locked
    def runs(self) -> Sequence[Run]:
        """Answer every run, oldest first."""
        return tuple(self._runs)

    @locked
    def join(self, campaign_id: int | None, customer_id: int) -> None:
        """Make a customer a member.

        Raises:
            Conflict: They are one already.
            NotFound: There is no such campaign.
        """
        members = self._members[self.get(campaign_id).id]
        if customer_id in members:
            raise Conflict(
                f"Customer [{customer_id}]: customer already member of campaign [{campaign_id}]"
            )
        members[customer_id] = self._now()

    @locked
    def leave(self, campaign_id: int | None, customer_id: int) -> bool:
        """End a membership; False if there was none."""
        return self._members[self.get(campaign_id).id].pop(customer_id, None) is not None

    @locked
    def members(self, campaign_id: int | None) -> Sequence[int]:
        """Tell the customer ids of the members, first come first."""
        return tuple(self._members[self.get(campaign_id).id])

    @locked
    def has(self, campaign_id: int | None, customer_id: int) -> bool:
        """Tell whether the customer is a member."""
        return customer_id in self._members[self.get(campaign_id).id]

    @locked
    def forget(self, customer_id: int) -> None:
        """End every membership of a customer who was deleted."""
        for members in self._members.values():
            members.pop(customer_id, None)

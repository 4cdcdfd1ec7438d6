"""Short ways to make engagements and to give them causes."""

from datetime import datetime, timedelta

from petiole.core.domain.change import AccountName
from petiole.core.domain.engagement import (
    BounceType,
    Engagement,
    EngagementKind,
    EngagementSelection,
    Origin,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier
from petiole.core.ports.engagements import Engagements, StorageReceipt
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import NEWSLETTER, claim, settle
from petiole.testing.stands import Store, StoreStand

SHOP = AccountName("shop")
PUSH, PULL = Origin("push"), Origin("mailings")
HOUR = timedelta(hours=1)
ANY = EngagementSelection()


def engagement(
    who: int | Identifier,
    kind: EngagementKind = EngagementKind.OPEN,
    *,
    at: datetime,
    event: str = "",
    origin: Origin = PUSH,
    campaign: str = "900",
    bounce: BounceType | None = None,
    by_machine: bool | None = None,
) -> Engagement:
    """One event of a made-up mail."""
    return Engagement(
        connection=NEWSLETTER,
        origin=origin,
        identifier=person(who) if isinstance(who, int) else who,
        kind=kind,
        occurred_at=at,
        event=event,
        campaign_id=campaign,
        brand_id="20",
        mailing_type="CAMPAIGN",
        content_name="Spring mail",
        link_href="https://www.example.org/" if kind is EngagementKind.CLICK else "",
        link_description="Hero button" if kind is EngagementKind.CLICK else "",
        bounce=bounce,
        by_machine=by_machine,
    )


def refusal(at: datetime, reason: str = "no type") -> RefusedEngagement:
    """Something that came and could not be read."""
    return RefusedEngagement(
        connection=NEWSLETTER, origin=PUSH, received_at=at, reason=reason, content="{}"
    )


def keep(store: Store, *engagements: Engagement) -> StorageReceipt:
    """Store some at once."""
    return store.engagements.store(SHOP, engagements)


def kept(keeper: Engagements, selection: EngagementSelection = ANY) -> list[StoredEngagement]:
    """Read all that are meant."""
    return list(keeper.read(selection, after=None, limit=1_000))


def deliver(stand: StoreStand, store: Store, number: int, *, segment: str = "4711") -> datetime:
    """Deliver the addition of a customer now, and tell when that was."""
    store.outbox.enqueue([change(number, within=scope(segment=segment))], folding=False)
    [batch] = claim(store)
    settle(store, batch)
    return stand.clock.now()

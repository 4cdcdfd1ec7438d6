"""What happened to mails, as all three ways of telling it need it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from petiole.plugins.canopydeploy.sandbox.crm import (
    Bounce,
    Click,
    Complaint,
    Crm,
    Delivery,
    Entry,
    Link,
    Mailing,
    Open,
)


class Kind(StrEnum):
    """What happened. The kinds are documented by the vendor."""

    RECEIVE = "receive"
    OPEN = "open"
    CLICK = "click"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"


KINDS: dict[type[Entry], Kind] = {
    Delivery: Kind.RECEIVE,
    Open: Kind.OPEN,
    Click: Kind.CLICK,
    Bounce: Kind.BOUNCE,
    Complaint: Kind.COMPLAINT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event of one customer. `number` is unique among those of its kind, and ascends."""

    kind: Kind
    number: int
    uuid: str
    at: datetime
    customer_id: int
    mailing: Mailing
    by_machine: bool = False
    link: Link | None = None
    bounce: Bounce | None = None


def happenings(
    crm: Crm, *, since: int = 0, mailings: Collection[int] = ()
) -> tuple[Sequence[Happening], int]:
    """Return what happened from a place in the chronicle on, and the place that comes next.

    `mailings`, if there are some, are the only ones that count. A mail that bounced was not
    received.
    """
    with crm.lock:
        entries = crm.mailings.happened(since)
        told = [
            _happening(crm, entry)
            for entry in entries
            if (not mailings or entry.mailing_id in mailings)
            and not (isinstance(entry, Delivery) and _bounced(crm, entry))
        ]
    return told, since + len(entries)


def _bounced(crm: Crm, delivery: Delivery) -> bool:
    return bool(crm.mailings.bounces.of(delivery.mailing_id, customer_id=delivery.customer_id))


def _happening(crm: Crm, entry: Entry) -> Happening:
    mailing = crm.mailings.get(entry.mailing_id)
    if isinstance(entry, Delivery):
        return Happening(
            kind=Kind.RECEIVE,
            number=entry.number,
            uuid=entry.uuid,
            at=entry.delivered_at,
            customer_id=entry.customer_id,
            mailing=mailing,
        )
    return Happening(
        kind=KINDS[type(entry)],
        number=entry.id,
        uuid=entry.uuid,
        at=entry.at,
        customer_id=entry.customer_id,
        mailing=mailing,
        by_machine=entry.by_machine,
        link=entry.link if isinstance(entry, Click) else None,
        bounce=entry if isinstance(entry, Bounce) else None,
    )

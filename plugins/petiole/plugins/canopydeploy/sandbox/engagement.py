"""Engagements on demand: a made-up mailing goes to customers, and they act on it.

    {"identifiers": ["11000", "11001"], "campaign": 4711, "content": "Spring mail",
     "events": [["open", "click"], ["bounce"]]}

Instead of `identifiers` there may be `customers`, their numbers. `events` is one list that all
share, or a list for each of them in order; without it their places decide.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from petiole.plugins.canopydeploy.sandbox.crm import Act, Crm, Mailing, NotFound, usual_acts
from petiole.plugins.canopydeploy.sandbox.crm.act import BOUNCES
from petiole.plugins.canopydeploy.sandbox.crm.customer import OPTION_PREFIX
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense
from petiole.plugins.canopydeploy.sandbox.platform import State

NUMBER = re.compile(r"[0-9]{1,18}")

Deeds = frozenset[Act]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """What is to happen, to customers by number or by identifier (the other one is empty).

    `deeds` holds what each of them does in order, or None where their places decide.
    """

    customers: Sequence[int]
    identifiers: Sequence[str]
    campaign: int
    content: str
    deeds: Sequence[Deeds] | None


def read_engagement(document: Document) -> Engagement:
    """Read an engagement, or raise Nonsense."""
    where = document.where
    if ("customers" in document) == ("identifiers" in document):
        raise Nonsense(f"{where} must have customers or identifiers, one of the two")
    customers = document.wholes("customers") if "customers" in document else ()
    identifiers = document.texts("identifiers") if "identifiers" in document else ()
    _refuse_twice(customers or identifiers, where=where)
    engagement = Engagement(
        customers=customers,
        identifiers=identifiers,
        campaign=document.whole("campaign", least=1),
        content=document.text("content"),
        deeds=_deeds(document, recipients=len(customers or identifiers)),
    )
    document.finish()
    return engagement


def engage(state: State, engagement: Engagement) -> Mapping[str, object]:
    """Send the mailing, let the customers act, and return what came of it.

    A profile that no customer stands for yet, since only campaign runs have named it, gets one.

    Raises:
        Nonsense: There is no such campaign or customer; nothing was changed.
    """
    crm, deeds = state.crm, engagement.deeds
    with crm.lock:
        try:
            crm.campaigns.get(engagement.campaign)
            for number in engagement.customers:
                crm.customers.get(number)
        except NotFound as problem:
            raise Nonsense(str(problem)) from None
        customers = engagement.customers or _identified(state, engagement.identifiers)
        mailing = crm.play_mailing(
            customers,
            campaign_id=engagement.campaign,
            content_name=engagement.content,
            acts=usual_acts if deeds is None else deeds.__getitem__,
            to_all=True,
        )
        return _told(crm, mailing)


def _told(crm: Crm, mailing: Mailing) -> Mapping[str, object]:
    counted = crm.mailings.report(mailing)
    return {
        "mailing": mailing.id,
        "links": [link.id for link in mailing.links],
        "customers": list(crm.mailings.recipients(mailing.id)),
        "received": counted.received,
        "opens": counted.opens,
        "clicks": counted.clicks,
        "bounces": counted.bounces,
        "complaints": counted.complaints,
    }


def _identified(state: State, identifiers: Sequence[str]) -> Sequence[int]:
    """Return the customers that identifiers stand for, or raise Nonsense and make none."""
    own = state.settings.envelope.identifier
    keys = dict.fromkeys(
        (own, *(mapping.key for mapping in state.webhooks.all().values() if mapping))
    )
    found = {each: _customer_of(each, crm=state.crm, keys=keys) for each in identifiers}
    new = [each for each, number in found.items() if number is None]
    if new:
        received = set().union(*state.profiles.standing().history.values())
        if unknown := [each for each in new if each not in received]:
            raise Nonsense(f"nobody has the identifier {unknown[0]}")
    _refuse_twice((each for each in found.values() if each), where="the customers")
    made = dict(zip(new, state.crm.customers.identify(key=own, values=new), strict=True))
    return [found[each] or made[each] for each in identifiers]


def _customer_of(identifier: str, *, crm: Crm, keys: Iterable[str]) -> int | None:
    """Find a customer by the key of a mapping, or else by number."""
    for key in keys:
        if customers := crm.customers.alike({OPTION_PREFIX + key: identifier}):
            return customers[0].id
    if NUMBER.fullmatch(identifier) and int(identifier) in crm.customers:
        return int(identifier)
    return None


def _deeds(document: Document, *, recipients: int) -> Sequence[Deeds] | None:
    if "events" not in document:
        return None
    events, where = document.entries("events"), f"{document.where}: events"
    if not any(isinstance(each, list) for each in events):
        return [_acts(events, where=where)] * recipients
    if len(events) != recipients:
        raise Nonsense(f"{where} has {len(events)} lists for {recipients} recipients")
    return [_acts(each, where=f"{where}[{place}]") for place, each in enumerate(events)]


def _acts(names: object, *, where: str) -> Deeds:
    if not isinstance(names, list) or not all(
        isinstance(each, str) and each in set(Act) for each in names
    ):
        raise Nonsense(f"{where} must be a list of {', '.join(Act)}")
    acts = frozenset(Act(each) for each in names)
    if acts & BOUNCES and len(acts) > 1:
        raise Nonsense(f"{where}: a mail that bounces meets with nothing else")
    return acts


def _refuse_twice(named: Iterable[object], *, where: str) -> None:
    seen = set()
    for each in named:
        if each in seen:
            raise Nonsense(f"{where}: {each} is named twice")
        seen.add(each)

"""A request for engagements, read key by key."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from petiole.plugins.canopydeploy.sandbox.crm import START_LINKS, Act, Staging
from petiole.plugins.canopydeploy.sandbox.crm.act import BOUNCES
from petiole.plugins.canopydeploy.sandbox.document import Document, Nonsense

Deeds = frozenset[Act]

AUDIENCES = ("customers", "identifiers", "segment")

LONGEST_SPAN_SECONDS = 366 * 86_400.0

MOST_REPEATS = 100

YEARS = range(1970, 2100)
"""When a mailing may start."""

URL = re.compile(r"https?://[!-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which share of the recipients meets with what; `receive` holds `open` and `click`."""

    receive: float
    open: float
    click: float
    complaint: float
    bounce: float
    soft_bounce: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """What is to happen, and to whom: `customers`, `identifiers` or a `segment`.

    `acts` holds what each of them does in order, a share of them does, or None where their places
    decide.
    """

    customers: Sequence[int]
    identifiers: Sequence[str]
    segment: str | None
    campaign: int
    content: str
    acts: Sequence[Deeds] | Share | None
    seed: int
    repeats: int
    machine_share: float
    span_seconds: float
    staging: Staging


def read_engagement(document: Document) -> Engagement:
    """Read an engagement, or raise Nonsense."""
    where = document.where
    if sum(each in document for each in AUDIENCES) != 1:
        raise Nonsense(f"{where} must have {', '.join(AUDIENCES)}: one of the three")
    customers = document.wholes("customers") if "customers" in document else ()
    identifiers = document.texts("identifiers") if "identifiers" in document else ()
    refuse_twice(customers or identifiers, where=where)
    engagement = Engagement(
        customers=customers,
        identifiers=identifiers,
        segment=document.text("segment") if "segment" in document else None,
        campaign=document.whole("campaign", least=1),
        content=document.text("content"),
        acts=_acts_of(document, recipients=len(customers or identifiers)),
        seed=document.whole("seed", 0),
        repeats=_repeats(document),
        machine_share=document.number("machine_share", 0.0, most=1.0),
        span_seconds=document.number("span_seconds", 0.0, most=LONGEST_SPAN_SECONDS),
        staging=Staging(
            links=_links(document),
            started_at=_start(document),
            to_all=True,
            distinct=document.flag("distinct", default=True),
        ),
    )
    document.finish()
    return engagement


def refuse_twice(named: Iterable[object], *, where: str) -> None:
    """Refuse what is named twice."""
    seen = set()
    for each in named:
        if each in seen:
            raise Nonsense(f"{where}: {each} is named twice")
        seen.add(each)


def _acts_of(document: Document, *, recipients: int) -> Sequence[Deeds] | Share | None:
    if "share" in document:
        if "events" in document:
            raise Nonsense(f"{document.where} has events and share, where one can be")
        return _share(document.document("share"))
    if "events" not in document:
        return None
    events, where = document.entries("events"), f"{document.where}: events"
    if not any(isinstance(each, list) for each in events):
        return [_acts(events, where=where)] * max(recipients, 1)
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


def _share(document: Document) -> Share:
    bounce, soft_bounce, complaint, opened, click = (
        document.number(kind, 0.0, most=1.0)
        for kind in (Act.BOUNCE, Act.SOFT_BOUNCE, Act.COMPLAINT, Act.OPEN, Act.CLICK)
    )
    receive = document.number("receive", max(0.0, 1.0 - bounce - soft_bounce), most=1.0)
    document.finish()
    # Shares such as 0.98 and 0.02 add up to a little more than 1.
    if round(receive + bounce + soft_bounce, 9) > 1:
        raise Nonsense(f"{document.where}: receive and the bounces are more than all")
    if max(opened, click, complaint) > receive:
        raise Nonsense(f"{document.where}: nobody acts on a mail that they do not receive")
    return Share(
        receive=receive,
        open=opened,
        click=click,
        complaint=complaint,
        bounce=bounce,
        soft_bounce=soft_bounce,
    )


def _repeats(document: Document) -> int:
    repeats = document.whole("repeats", 0)
    if repeats > MOST_REPEATS:
        raise Nonsense(f"{document.where}: repeats must be {MOST_REPEATS} at most")
    return repeats


def _links(document: Document) -> Sequence[tuple[str, str]]:
    if "links" not in document:
        return START_LINKS
    links = []
    for each in document.documents("links"):
        url, description = each.text("url"), each.text("description")
        each.finish()
        if not URL.fullmatch(url):
            raise Nonsense(f"{each.where}: url must be an address that begins with http")
        links.append((url, description))
    if not links:
        raise Nonsense(f"{document.where}: links must be a list of objects, at least one")
    refuse_twice((url for url, _ in links), where=f"{document.where}: links")
    return links


def _start(document: Document) -> datetime | None:
    if document.missing("start"):
        return None
    text, where = document.text("start"), document.where
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise Nonsense(f"{where}: start must be a date and time in ISO 8601") from None
    if start.tzinfo is None:
        raise Nonsense(f"{where}: start must tell its zone, such as Z")
    if start.year not in YEARS:
        raise Nonsense(f"{where}: start is too early or too late")
    return start.astimezone(UTC)

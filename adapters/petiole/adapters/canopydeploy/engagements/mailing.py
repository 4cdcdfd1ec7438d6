"""One mailing and what became of it, as SOAP tells: its parts, and their rows as engagements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from petiole.adapters.canopydeploy.engagements.resultset import Question
from petiole.core.domain.engagement import BounceType, EngagementKind

BOUNCES: Mapping[str, BounceType] = {"HARD": BounceType.HARD, "SOFT": BounceType.SOFT}
"""Categories of bounces. Assumed; where there is another one, the rule's first digit decides."""
_BY_FIRST_DIGIT: Mapping[str, BounceType] = {"5": BounceType.HARD, "4": BounceType.SOFT}
"""RFC 5321, 4.2.1: a reply that begins with 5 is for good, with 4 for now."""

_MOMENT_CHARACTERS = len("2026-03-02 09:20:41")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of a mailing."""

    id: int
    href: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All events of one kind, of clicks those on one link; `moment` names the field of the time."""

    kind: EngagementKind
    question: Question
    moment: str
    link: Link | None = None

    @property
    def name(self) -> str:
        """Tell it from the mailing's other parts."""
        return f"{self.kind}:{self.link.id}" if self.link else str(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """A mailing. `counts` is how much of a kind happened, where the platform tells."""

    id: int
    campaign_id: str
    content_name: str
    type: str
    links: Sequence[Link]
    counts: Mapping[EngagementKind, int] = field(default_factory=dict)

    def parts(self) -> Iterator[Part]:
        """Name what there is to fetch; deliveries come first, since they tell who is who."""
        about = {"mailing": {"id": self.id}}
        yield Part(
            kind=EngagementKind.RECEIVE,
            question=_question("mailing_getDeliverySet", "deliverySet_getDeliveries", **about),
            moment="deliveryDate",
        )
        if self._some(EngagementKind.OPEN):
            yield Part(
                kind=EngagementKind.OPEN,
                question=_question("mailing_getOpenSet", "openSet_getOpens", **about),
                moment="openedAt",
            )
        for link in self.links if self._some(EngagementKind.CLICK) else ():
            which = {"mailingLink": {"id": link.id, "mailingId": self.id}}
            yield Part(
                kind=EngagementKind.CLICK,
                question=_question("mailingLink_getClickSet", "clickSet_getClicks", **which),
                moment="clickedAt",
                link=link,
            )
        if self._some(EngagementKind.BOUNCE):
            yield Part(
                kind=EngagementKind.BOUNCE,
                question=_question("mailing_getBounceSet", "bounceSet_getBounces", **about),
                moment="bouncedAt",
            )
        if self._some(EngagementKind.COMPLAINT):
            yield Part(
                kind=EngagementKind.COMPLAINT,
                question=_question(
                    "mailing_getComplaintSet", "complaintSet_getComplaints", **about
                ),
                moment="complaintAt",
            )

    def _some(self, kind: EngagementKind) -> bool:
        return self.counts.get(kind) != 0


def mailing(row: object) -> Mailing | None:
    """Read a mailing; `None` of one without a number."""
    number = getattr(row, "id", None)
    if not isinstance(number, int):
        return None
    links = getattr(getattr(row, "links", None), "MailingLink", None) or ()
    counters = {
        EngagementKind.OPEN: "opens",
        EngagementKind.CLICK: "clicks",
        EngagementKind.BOUNCE: "bounces",
        EngagementKind.COMPLAINT: "complaints",
    }
    counted = {kind: getattr(row, name, None) for kind, name in counters.items()}
    return Mailing(
        id=number,
        campaign_id=text(row, "campaignId"),
        content_name=text(row, "contentName"),
        type=text(row, "type"),
        links=[
            Link(id=link.id, href=text(link, "url"), description=text(link, "description"))
            for link in links
            if isinstance(getattr(link, "id", None), int)
        ],
        counts={kind: count for kind, count in counted.items() if isinstance(count, int)},
    )


def bounce_type(row: object) -> BounceType | None:
    """Tell whether a bounce is for good; `None` where nothing says so."""
    category, rule = text(row, "category").upper(), text(row, "rule").lstrip()
    return BOUNCES.get(category) or _BY_FIRST_DIGIT.get(rule[:1])


def moment(row: object, name: str, zone: ZoneInfo) -> datetime:
    """Read a local time, `YYYY-MM-DD HH:MM:SS`.

    In autumn an hour comes twice, and the text does not tell which one is meant: the first is
    taken. What is told of the second is thus an hour early.

    Raises:
        ValueError: it is none, such as the platform's zero date.
    """
    told = text(row, name)
    if len(told) != _MOMENT_CHARACTERS:
        raise ValueError("no such time")
    return datetime.fromisoformat(told).replace(tzinfo=zone).astimezone(UTC)


def text(row: object, name: str) -> str:
    """Read a field as text; empty where there is none."""
    value = getattr(row, name, None)
    return "" if value is None else str(value)


def _question(ask: str, read: str, **arguments: object) -> Question:
    """Make a question. Documented: the type of a row is named after its list."""
    rows = {
        "deliverySet_getDeliveries": "Delivery",
        "openSet_getOpens": "Open",
        "clickSet_getClicks": "Click",
        "bounceSet_getBounces": "Bounce",
        "complaintSet_getComplaints": "Complaint",
    }
    return Question(ask=ask, read=read, rows=rows[read], arguments=arguments)

"""One event of the Analytics API as an engagement. Seen in a public client: any field may be null.

Assumed: which field becomes which property. Ids may be numbers or texts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from petiole.adapters.canopydeploy.engagements.identity import Customer, Identity
from petiole.adapters.canopydeploy.engagements.interaction import Unreadable, require_storable
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import (
    BounceType,
    Engagement,
    EngagementKind,
    Origin,
    RefusedEngagement,
)
from petiole.core.domain.identity import Identifier
from petiole.core.errors import IdentifierRefused

ORIGIN = Origin("analytics")

_MAIL = frozenset({"", "EMAIL", "E-MAIL"})
"""Types of a broadcast that are mails. Documented: EMAIL; other channels are no engagements."""
_KEPT = ("uuid", "metric", "metric_id", "metric_timestamp", "broadcast_id", "campaign_id")
"""What is kept of an event that cannot be read: nothing of the customer."""
_LONGEST_KEPT = 200
_ACTS = frozenset({EngagementKind.OPEN, EngagementKind.CLICK})
_LONGEST = 8_000
"""Characters of any text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReader:
    """Reads the events of one connection's account."""

    connection: ConnectionName
    identity: Identity

    def read(self, event: object, kind: EngagementKind) -> Engagement | None:
        """Make an engagement of an event; `None` of one that concerns no mail.

        Raises:
            Unreadable: it is no event, or lacks what every engagement has.
        """
        if not isinstance(event, dict):
            raise Unreadable("the event is no object")
        if _text(event, "broadcast_event_type").upper() not in _MAIL:
            return None
        is_click = kind is EngagementKind.CLICK
        return Engagement(
            connection=self.connection,
            origin=ORIGIN,
            identifier=self._identifier(event),
            kind=kind,
            occurred_at=_moment(event),
            event=_text(event, "uuid"),
            campaign_id=_text(event, "campaign_id"),
            brand_id=_text(event, "brand_id"),
            mailing_type=_text(event, "mailing_type"),
            content_name=_text(event, "content_name"),
            link_href=_text(event, "url") if is_click else "",
            link_description=_text(event, "link_description") if is_click else "",
            bounce=_bounce(event) if kind is EngagementKind.BOUNCE else None,
            by_machine=_flag(event, "machine_generated") if kind in _ACTS else None,
        )

    def refused(self, event: object, reason: str, *, received_at: datetime) -> RefusedEngagement:
        """Keep what leads back to an event."""
        told = event if isinstance(event, dict) else {}
        kept = {name: str(told[name])[:_LONGEST_KEPT] for name in _KEPT if name in told}
        return RefusedEngagement(
            connection=self.connection,
            origin=ORIGIN,
            received_at=received_at,
            reason=reason,
            content=json.dumps(kept),
        )

    def _identifier(self, event: Mapping[str, object]) -> Identifier:
        customer = Customer(
            id=_text(event, "customer_id"),
            external_id=_text(event, "external_id"),
            address=_text(event, "customer_email_address") or _text(event, "email_address"),
        )
        try:
            return self.identity.of(customer)
        except IdentifierRefused as error:
            raise Unreadable(str(error)) from None


def _moment(event: Mapping[str, object]) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(event, "metric_timestamp"))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Unreadable("`metric_timestamp` is no time with an offset")


def _bounce(event: Mapping[str, object]) -> BounceType | None:
    for name in ("bounce_type", "bounce_category"):
        try:
            return BounceType(_text(event, name).lower())
        except ValueError:
            continue
    return None


def _flag(event: Mapping[str, object], name: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(_text(event, name).lower())


def _text(event: Mapping[str, object], name: str) -> str:
    value = event.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int):
        raise Unreadable(f"`{name}` is neither a text nor a whole number")
    text = str(value)
    if len(text) > _LONGEST:
        raise Unreadable(f"`{name}` has more than {_LONGEST} characters")
    require_storable(text, name)
    return text

"""One event as the Analytics Events API writes it: 53 fields, null where nothing is known.

Seen in a public client: the names and types. Documented by the vendor: `EMAIL` and `CAMPAIGN` as
the types of a broadcast, and that its options and metadata are objects. What the others hold is
assumed.
"""

from collections.abc import Mapping
from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.analytics.metric import Row
from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM
from petiole.plugins.canopydeploy.sandbox.crm import BounceCategory
from petiole.plugins.canopydeploy.sandbox.happening import Happening, Kind
from petiole.plugins.canopydeploy.sandbox.identity import Identities
from petiole.plugins.canopydeploy.sandbox.settings import Settings

UNKNOWN = (
    "content_id",
    "email_address_override",
    "ip_address",
    "original_content_id",
    "original_new_content_id",
    "subject",
    "ua_brand",
    "ua_clientinfo_engine",
    "ua_clientinfo_engine_version",
    "ua_clientinfo_name",
    "ua_clientinfo_short_name",
    "ua_clientinfo_type",
    "ua_clientinfo_version",
    "ua_device",
    "ua_model",
    "ua_osinfo_name",
    "ua_osinfo_platform",
    "ua_osinfo_short_name",
    "ua_osinfo_version",
)
"""Fields that are null unless an event tells them."""

_PERSON = {
    "ua_clientinfo_engine": "Gecko",
    "ua_clientinfo_engine_version": "140.0",
    "ua_clientinfo_name": "Firefox",
    "ua_clientinfo_short_name": "FF",
    "ua_clientinfo_type": "browser",
    "ua_clientinfo_version": "140.0",
    "ua_device": "desktop",
    "ua_osinfo_name": "GNU/Linux",
    "ua_osinfo_platform": "x64",
    "ua_osinfo_short_name": "LIN",
}
_MACHINE = {"ua_clientinfo_name": "Mail scanner", "ua_clientinfo_type": "library"}


def record(row: Row, *, identities: Identities, settings: Settings) -> Mapping[str, object]:
    """Write an event."""
    event = row.event
    mailing = event.mailing
    return {
        **dict.fromkeys(UNKNOWN),
        **_customer(event, identities),
        **_bounce(event),
        **_acted(event),
        "brand_id": settings.brand_id,
        "brand_name": settings.brand_name,
        "broadcast_event_sub_type": mailing.type,
        "broadcast_event_type": "EMAIL",
        "broadcast_id": mailing.id,
        "broadcast_manual_options": {},
        "broadcast_metadata": {},
        "broadcast_timestamp": _moment(mailing.started_at),
        "broadcast_type": mailing.type,
        "campaign_id": mailing.campaign_id,
        "campaign_name": mailing.campaign_name or None,
        "campaign_object_id": mailing.object_id,
        "content_name": mailing.content_name,
        "mailing_type": mailing.type,
        "metric": row.metric,
        "metric_id": event.number,
        "metric_timestamp": _moment(event.at),
        "portal_id": 1,
        "portal_name": "Sandbox",
        "test_mailing": 0,
        "uuid": event.uuid,
    }


def _customer(event: Happening, identities: Identities) -> Mapping[str, object]:
    """Tell who it was; a customer whom a hash stands for has no address."""
    row = identities.customer(event.customer_id)
    address = row.text("emailAddress") if row else ""
    return {
        "customer_id": event.customer_id,
        "customer_email_address": address or None,
        "email_address": address or None,
        "email_domain": address.rpartition("@")[2] or None,
        "external_id": (row.text("externalId") if row else "") or None,
    }


def _bounce(event: Happening) -> Mapping[str, object]:
    if event.bounce is None:
        return {"bounce_category": None, "bounce_code": None, "bounce_type": None}
    hard = event.bounce.category is BounceCategory.HARD
    return {
        "bounce_category": event.bounce.category,
        "bounce_code": event.bounce.rule.split()[1],
        "bounce_type": "hard" if hard else "soft",
    }


def _acted(event: Happening) -> Mapping[str, object]:
    """Tell the link that was followed, and with what."""
    link = event.link
    agent = _MACHINE if event.by_machine else _PERSON
    return {
        **(agent if event.kind in {Kind.OPEN, Kind.CLICK} else {}),
        "link_description": link.description if link else None,
        "link_id": link.id if link else None,
        "machine_generated": event.by_machine,
        "url": link.url if link else None,
        "url_unrendered": link.url if link else None,
    }


def _moment(at: datetime) -> str:
    """Write a moment to the second, in Amsterdam's time with its offset."""
    return at.astimezone(AMSTERDAM).isoformat(timespec="seconds")

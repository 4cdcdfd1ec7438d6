"""Engagements as they are told to other programs: in files, calls and exports, always alike."""

import json
from collections.abc import Mapping
from datetime import datetime

from petiole.core.domain.engagement import StoredEngagement

Plain = str | int | bool | None
"""What a value may be: each document is one flat row."""

COLUMNS = (
    "id",
    "connection",
    "kind",
    "occurred_at",
    "identifier_type",
    "identifier",
    "campaign_id",
    "brand_id",
    "mailing_type",
    "content_name",
    "link_href",
    "link_description",
    "bounce",
    "by_machine",
    "segment",
    "message",
    "batch",
    "delivered_at",
    "origin",
    "event",
    "received_at",
)
"""The keys of a document, in order."""


def document(stored: StoredEngagement) -> Mapping[str, Plain]:
    """Tell an engagement: times in ISO 8601, UTC; `None` for what is not known."""
    engagement, cause = stored.engagement, stored.cause
    told: dict[str, Plain] = {
        "id": stored.id,
        "connection": engagement.connection,
        "kind": engagement.kind.value,
        "occurred_at": _moment(engagement.occurred_at),
        "identifier_type": engagement.identifier.type.value,
        "identifier": engagement.identifier.value,
        "campaign_id": engagement.campaign_id or None,
        "brand_id": engagement.brand_id or None,
        "mailing_type": engagement.mailing_type or None,
        "content_name": engagement.content_name or None,
        "link_href": engagement.link_href or None,
        "link_description": engagement.link_description or None,
        "bounce": engagement.bounce.value if engagement.bounce else None,
        "by_machine": engagement.by_machine,
        "segment": cause.segment if cause else None,
        "message": cause.message if cause else None,
        "batch": cause.batch if cause else None,
        "delivered_at": _moment(cause.delivered_at) if cause else None,
        "origin": engagement.origin,
        "event": engagement.event or None,
        "received_at": _moment(stored.received_at),
    }
    return told


def line(stored: StoredEngagement) -> str:
    """Tell an engagement in one line of JSON, without its end."""
    return json.dumps(document(stored), ensure_ascii=False, separators=(",", ":"))


def _moment(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")

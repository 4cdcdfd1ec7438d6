"""How engagements stand in the columns of their table."""

import hashlib
from binascii import b2a_base64
from typing import TypeAlias

from petiole.adapters.sqlite.instants import from_micros, to_micros
from petiole.adapters.sqlite.profiles import ProfileNumber
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.engagement import (
    BounceType,
    Cause,
    Engagement,
    EngagementId,
    EngagementKind,
    Origin,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import BatchId, MessageId

Column: TypeAlias = str | int | None

EngagementRow: TypeAlias = tuple[
    int,
    str,
    str,
    str | None,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str | None,
    int | None,
    int,
    int,
    int | None,
    str | None,
    int | None,
    int | None,
]
COLUMNS = """
    engagement.id, engagement.connection, origin, event, identifier_type, identifier, kind,
    campaign, brand, mailing_type, content, link_href, link_description, bounce, by_machine,
    occurred_at, received_at, message, segment, batch, delivered_at
"""
"""An `EngagementRow`, to be selected from `engagement` joined with `profile`."""

_LIKENESS_BYTES = 15


def likeness(engagement: Engagement) -> str:
    """Shorten what two tellings of one event share to 120 bits in 20 characters (BLAKE2b)."""
    whole = "\n".join(engagement.likeness).encode()
    digest = hashlib.blake2b(whole, digest_size=_LIKENESS_BYTES).digest()
    return b2a_base64(digest, newline=False).decode()


def to_row(
    engagement: Engagement, alike: str, profile: ProfileNumber, cause: Cause | None, now: int
) -> tuple[Column, ...]:
    """Write an engagement: all columns but the id."""
    return (
        engagement.connection,
        engagement.origin,
        engagement.event or None,
        alike,
        profile,
        str(engagement.kind),
        engagement.campaign_id,
        engagement.brand_id,
        engagement.mailing_type,
        engagement.content_name,
        engagement.link_href,
        engagement.link_description,
        engagement.bounce,
        engagement.by_machine,
        to_micros(engagement.occurred_at),
        now,
        *cause_row(cause),
    )


def cause_row(cause: Cause | None) -> tuple[Column, ...]:
    """Write a cause: message, segment, batch, delivered_at."""
    if cause is None:
        return None, None, None, None
    return cause.message, cause.segment, cause.batch, to_micros(cause.delivered_at)


def to_stored(row: EngagementRow) -> StoredEngagement:
    """Read an engagement."""
    id_, connection, origin, event, type_, identifier, kind, campaign, brand = row[:9]
    mailing_type, content, link_href, link_description, bounce, by_machine = row[9:15]
    occurred_at, received_at, message, segment, batch, delivered_at = row[15:]
    return StoredEngagement(
        id=EngagementId(id_),
        engagement=Engagement(
            connection=ConnectionName(connection),
            origin=Origin(origin),
            identifier=Identifier(IdentifierType(type_), identifier),
            kind=EngagementKind(kind),
            occurred_at=from_micros(occurred_at),
            event=event or "",
            campaign_id=campaign,
            brand_id=brand,
            mailing_type=mailing_type,
            content_name=content,
            link_href=link_href,
            link_description=link_description,
            bounce=None if bounce is None else BounceType(bounce),
            by_machine=None if by_machine is None else bool(by_machine),
        ),
        received_at=from_micros(received_at),
        cause=to_cause(message, segment, batch, delivered_at),
    )


def to_cause(
    message: int | None, segment: str | None, batch: int | None, delivered_at: int | None
) -> Cause | None:
    """Read a cause, where there is one."""
    if message is None or segment is None or delivered_at is None:
        return None
    return Cause(
        message=MessageId(message),
        segment=SegmentId(segment),
        batch=None if batch is None else BatchId(batch),
        delivered_at=from_micros(delivered_at),
    )

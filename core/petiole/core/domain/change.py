"""One change of one profile in one segment: what petiole carries."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier

ConnectionName = NewType("ConnectionName", str)
"""A configured link to one platform account, as named in the settings."""
AccountName = NewType("AccountName", str)
"""A platform account; connections that share one share its order of changes per profile."""
SegmentId = NewType("SegmentId", str)
"""The audience or campaign that a profile belongs to, in the platform's own numbering."""
ChangeId = NewType("ChangeId", str)
"""The producer's own key for a change; the outbox takes each only once."""


class ChangeKind(StrEnum):
    """What happened to the profile in its segment."""

    ADD = "add"
    """It entered; `fields` are the whole profile."""
    UPDATE = "update"
    """Its data changed; `fields` are the whole profile or a part of it."""
    REMOVE = "remove"
    """It left; `fields` are empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One segment as one connection sees it: what a snapshot is compared with."""

    account: AccountName
    connection: ConnectionName
    segment: SegmentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChange:
    """A change on its way to the platform.

    `id` is the producer's own key: a change whose id the outbox has seen is not enqueued again.
    Without one, every enqueue counts. `fingerprint` is that of the whole profile after this change;
    `None` where it is not known (a partial update), so that the next snapshot sends the profile
    again.
    """

    scope: Scope
    identifier: Identifier
    kind: ChangeKind
    occurred_at: datetime
    fields: Fields = field(default_factory=Fields)
    fingerprint: bytes | None = None
    id: ChangeId | None = None

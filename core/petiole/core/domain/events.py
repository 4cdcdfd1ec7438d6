"""What the relay tells those who watch it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from petiole.core.domain.breaker import PauseReason
from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.engagement import StoredEngagement
from petiole.core.domain.message import BatchId, Message
from petiole.core.domain.settlement import Bury


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSettled:
    """A batch was answered, or failed, and its verdicts are in the outbox."""

    connection: ConnectionName
    batch: BatchId
    delivered: Mapping[ChangeKind, int]
    retried: int
    resent: int
    deferred: int
    parked: int
    buried: int
    calls: int
    error: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesDelivered:
    """The platform has these."""

    connection: ConnectionName
    messages: Sequence[Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageBuried:
    """One message became a dead letter."""

    connection: ConnectionName
    message: Message
    verdict: Bury


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHeld:
    """A connection keeps still until a moment: throttled, or its circuit opened."""

    connection: ConnectionName
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPaused:
    """A connection stopped until somebody acts."""

    connection: ConnectionName
    why: PauseReason
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseExpired:
    """Another runner took a batch over while it was delivered; it may arrive twice."""

    connection: ConnectionName
    batch: BatchId


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxUnavailable:
    """The outbox cannot be used for now; the relay keeps what it knows, and tries again.

    Told at most every few minutes.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxAvailable:
    """The outbox can be used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementsStored:
    """These came back, and were not known before; no relay tells this, but who stored them."""

    connection: ConnectionName
    engagements: Sequence[StoredEngagement]


Event: TypeAlias = (
    BatchSettled
    | MessagesDelivered
    | MessageBuried
    | ConnectionHeld
    | ConnectionPaused
    | LeaseExpired
    | OutboxAvailable
    | OutboxUnavailable
)

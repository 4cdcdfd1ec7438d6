"""The life of one profile on its way to a platform: what happened, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.message import BatchId, MessageId
from petiole.core.exchange import Exchange


class Step(StrEnum):
    """One kind of event in the life of a message."""

    ENQUEUED = "enqueued"
    """It was put into the outbox."""
    FOLDED = "folded"
    """It was combined with an earlier one that still waited."""
    SENT = "sent"
    """It was sent with its batch, or the runner died on the way; `exchanges` tell what was said."""
    DELIVERED = "delivered"
    DEAD = "dead"
    PARKED = "parked"
    RETRY = "retry"
    """It waits for another try."""
    EDITED = "edited"
    RESENT = "resent"
    """A person decided that it is sent again."""
    ARRIVED = "arrived"
    """A person found out that it had arrived."""
    DISCARDED = "discarded"
    """A person decided that it is never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One event. `told` is the platform's or petiole's word for it; `by` names a person."""

    at: datetime
    step: Step
    message: MessageId
    segment: SegmentId
    kind: ChangeKind
    told: str = ""
    by: str = ""
    batch: BatchId | None = None
    into: MessageId | None = None
    """The message that it was folded into."""
    exchanges: Sequence[Exchange] = ()

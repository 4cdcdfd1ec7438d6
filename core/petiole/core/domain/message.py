"""A change in the outbox, and the states that it passes through."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from petiole.core.domain.change import ConnectionName, ProfileChange

MessageId = NewType("MessageId", int)
"""Given by the outbox, ascending in enqueue order, never used twice."""
BatchId = NewType("BatchId", int)
"""Given by the outbox at each first claim."""


class MessageState(StrEnum):
    """Where a message stands. Every store repeats these as database constraints.

    pending -> in_flight -> delivered | pending (retry or defer) | parked | dead; pending -> folded;
    any -> erased
    """

    PENDING = "pending"
    """Waits: for its batch, for a later try, or behind an earlier change of its profile."""
    IN_FLIGHT = "in_flight"
    """Claimed under a lease; perhaps being sent right now. At most one per profile and account."""
    DELIVERED = "delivered"
    """The platform accepted it."""
    FOLDED = "folded"
    """Its effect lives on in an earlier pending message of the same profile."""
    PARKED = "parked"
    """Sent with unknown outcome; waits for a person, and so does its profile."""
    DEAD = "dead"
    """Refused by the platform or out of tries; kept with the platform's own words."""
    ERASED = "erased"
    """A person decided that it is never sent; its content was deleted."""


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed change: `attempt` counts from 1 and includes the one about to be made."""

    id: MessageId
    change: ProfileChange
    attempt: int
    enqueued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages claimed together: of one connection, in enqueue order, one per profile, never empty.

    `epoch` is the fencing token: it ascends with each claim of the batch, and only the last one
    settles it. `recovered` tells that an earlier runner had claimed these same messages and did not
    settle them: they may have been sent already.
    """

    id: BatchId
    connection: ConnectionName
    messages: Sequence[Message]
    epoch: int = 1
    recovered: bool = False

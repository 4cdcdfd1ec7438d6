"""A message that reached a bad end, as an operator reads it."""

from dataclasses import dataclass
from datetime import datetime

from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageId, MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Buried or parked, with the platform's own code and words; `state` is `dead` or `parked`."""

    id: MessageId
    connection: ConnectionName
    segment: SegmentId
    identifier: Identifier
    kind: ChangeKind
    state: MessageState
    code: str
    reason: str
    attempts: int
    at: datetime

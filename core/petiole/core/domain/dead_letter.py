"""Messages that reached a bad end, as an operator reads, groups and decides about them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.domain.failure import FailureFingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageId, MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Buried or parked, with the platform's own code and words; `state` is `dead` or `parked`.

    `fields` are those that were enqueued; `edit` holds what a person laid over them.
    """

    id: MessageId
    connection: ConnectionName
    segment: SegmentId
    identifier: Identifier
    kind: ChangeKind
    state: MessageState
    code: str
    reason: str
    failure: FailureFingerprint
    attempts: int
    enqueued_at: datetime
    at: datetime
    fields: Fields
    edit: Fields | None = None

    @property
    def sent_fields(self) -> Fields:
        """What is sent when it is sent again; a field edited to null is left out."""
        return self.fields if self.edit is None else edited(self.fields, self.edit)


def edited(original: Fields, edit: Fields) -> Fields:
    """Lay an edit over the original, which stays as it is; a null takes a field out."""
    changes = edit.values()
    merged = original.values() | changes
    return Fields.of(
        {name: value for name, value in merged.items() if not (name in changes and value is None)}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterSelection:
    """Which letters are meant: all conditions together; an empty one means any."""

    state: MessageState = MessageState.DEAD
    """`DEAD` or `PARKED`."""
    connections: Collection[ConnectionName] = ()
    ids: Collection[MessageId] = ()
    code: str | None = None
    failure: FailureFingerprint | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterGroup:
    """Letters of one connection and one cause. `reason` is that of the newest."""

    connection: ConnectionName
    code: str
    failure: FailureFingerprint
    reason: str
    letters: int
    first_at: datetime
    last_at: datetime


class Decision(StrEnum):
    """What a person wishes, or found out."""

    RESEND = "resend"
    """Send again, as if never tried, with what was edited; not where a later change of the profile
    was delivered meanwhile, or is being sent, since this one would undo it."""
    RESEND_ANYWAY = "resend-anyway"
    """The same, even there."""
    ARRIVED = "arrived"
    """The platform has it: it counts as delivered. For parked ones only."""
    DISCARD = "discard"
    """Never send it: its content is erased, and so are the platform's words about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision came to: `superseded` letters were left as they are.

    `after` is where to go on if there are more, `None` at the end.
    """

    moved: int = 0
    superseded: int = 0
    after: MessageId | None = None

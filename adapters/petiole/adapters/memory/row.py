"""What is stored of a message and of a batch, in memory."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from petiole.core.domain.change import AccountName, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import edited
from petiole.core.domain.failure import FailureFingerprint, failure_fingerprint
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Batch, BatchId, Message, MessageId, MessageState

LineKey: TypeAlias = tuple[AccountName, Identifier]
"""One profile on one account: its open messages form a line."""
RunnerNumber: TypeAlias = int


@dataclass(slots=True, kw_only=True, eq=False)
class Row:
    """A message as it is stored. `batch` is the last one that it was claimed in."""

    id: MessageId
    change: ProfileChange
    state: MessageState
    enqueued_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    batch: BatchId | None = None
    settled_at: datetime | None = None
    code: str = ""
    reason: str = ""
    edit: Fields | None = None

    @property
    def line(self) -> LineKey:
        """Whose turn it waits for."""
        return self.change.scope.account, self.change.identifier

    @property
    def sent_change(self) -> ProfileChange:
        """The change with its edit laid over it; the fingerprint stays that of the original."""
        if self.edit is None:
            return self.change
        return replace(self.change, fields=edited(self.change.fields, self.edit))

    @property
    def weight_bytes(self) -> int:
        """What its fields weigh as UTF-8."""
        return len(self.sent_change.fields.text.encode())

    @property
    def failure(self) -> FailureFingerprint:
        """What its failure is alike with."""
        return failure_fingerprint(self.code, self.reason)


@dataclass(slots=True, kw_only=True, eq=False)
class ClaimedBatch:
    """Messages claimed together, by whom, and until which uptime; `epoch` counts the claims."""

    id: BatchId
    connection: ConnectionName
    rows: list[Row]
    owner: RunnerNumber
    lease_until: timedelta
    epoch: int = 0

    def handed_out(self) -> Batch:
        """Show it as a runner gets it."""
        messages = [Message(r.id, r.sent_change, r.attempts, r.enqueued_at) for r in self.rows]
        return Batch(
            id=self.id,
            connection=self.connection,
            messages=messages,
            epoch=self.epoch,
            recovered=self.epoch > 1,
        )

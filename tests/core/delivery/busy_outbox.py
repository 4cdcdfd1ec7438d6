"""An outbox that another program keeps busy now and then."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import OutboxBusy
from petiole.core.ports.outbox import Outbox

EVERYTHING = frozenset({"enqueue", "backlog", "claim", "settle"})


@dataclass
class BusyOutbox:
    """Passes on what it is asked, except what is named in `busy`. `refused` counts the latter."""

    outbox: Outbox
    busy: Collection[str] = field(default_factory=set)
    refused: int = 0

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Pass on."""
        self._look("enqueue")
        return self.outbox.enqueue(changes, folding=folding)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Pass on."""
        self._look("backlog")
        return self.outbox.backlog(connection, policy)

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        """Pass on."""
        self._look("claim")
        return self.outbox.claim(connection, policy, batches=batches, partial=partial, lease=lease)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Pass on."""
        self._look("settle")
        return self.outbox.settle(settlements)

    def _look(self, call: str) -> None:
        if call in self.busy:
            self.refused += 1
            raise OutboxBusy("another program uses the database; close it")

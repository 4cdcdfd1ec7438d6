"""The durable queue between enqueueing and delivering."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Protocol, runtime_checkable

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import EnqueueReceipt


@runtime_checkable
class Outbox(Protocol):
    """Keeps every change until it is settled.

    Each call is one transaction: it happens whole or not at all, and what returned has survived a
    crash. Changes of one profile on one account are claimed in the order in which they were
    enqueued, never two at a time, across all connections of that account; profiles never wait for
    each other. At every moment the accounting identity holds (`domain.tally`). Messages weigh what
    their fields do as UTF-8.
    """

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Take changes, in order.

        A change whose `id` its connection has seen before is not taken again. With `folding`, a
        change is folded into the one before it of the same profile if that is pending in the same
        scope and has never been claimed; the age of the earlier one stays.
        """
        ...

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Tell what could be claimed now, looking no further than one batch deep."""
        ...

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        """Take up to `batches` batches of the oldest claimable messages.

        Each keeps within the policy's limits.
        Without `partial`, messages that do not fill a batch (by number or by weight) are left to
        wait for more. Claimed messages belong to the caller until they are settled or the lease
        ends, whatever the time of day does meanwhile. A claim counts as an attempt. Abandoned
        batches (lease over, or their runner known to be dead) come first, whole and unchanged,
        marked as recovered, and in a new epoch. A single message heavier than the limit goes alone.
        Costs O(batch) whatever the backlog.
        """
        ...

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Record the verdicts on claimed batches.

        A delivered change is in the ledger from the same moment on. Settling a message lets the
        next change of its profile become claimable; a parked one keeps its profile waiting, and so
        does a buried one that holds. Deferring gives the attempt back. The record of the attempt
        and the number of its calls are kept.

        Returns:
            the batches that were claimed anew meanwhile, in a later epoch: nothing was recorded for
            those.

        Raises:
            OutboxError: the verdicts on a batch of ours do not name exactly its messages; nothing
                at all was recorded.
        """
        ...

"""The air: what this runner has claimed and not settled yet, each claim in its latest epoch."""

from collections import defaultdict
from typing import TypeAlias

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import Batch, BatchId

_Claim: TypeAlias = tuple[BatchId, int]
"""A batch in the epoch in which it was claimed."""


class Air:
    """Batches in the air, by their connections; true while there are any."""

    def __init__(self) -> None:
        self._epochs: defaultdict[ConnectionName, dict[_Claim, int]] = defaultdict(dict)

    def __bool__(self) -> bool:
        """Whether anything is in the air."""
        return any(self._epochs.values())

    def count(self, connection: ConnectionName) -> int:
        """Tell how many batches of a connection are in the air."""
        return len(self._epochs[connection])

    def add(self, batch: Batch) -> None:
        """Let a batch go to the workers."""
        self._epochs[batch.connection][_claim_of(batch)] = batch.epoch

    def renews(self, batch: Batch) -> bool:
        """Tell whether this only renews a claim of ours that outlasts its lease.

        Not if others had the batch in between: then nobody knows what they sent.
        """
        epochs = self._epochs[batch.connection]
        for claim, epoch in epochs.items():
            if claim[0] == batch.id and epoch == batch.epoch - 1:
                epochs[claim] = batch.epoch
                return True
        return False

    def epoch(self, batch: Batch) -> int:
        """Tell the latest epoch of a claim: it may have been renewed since the batch went up."""
        return self._epochs[batch.connection][_claim_of(batch)]

    def drop(self, batch: Batch) -> None:
        """Forget a claim that is settled."""
        del self._epochs[batch.connection][_claim_of(batch)]


def _claim_of(batch: Batch) -> _Claim:
    return batch.id, batch.epoch

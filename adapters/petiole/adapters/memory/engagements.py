"""Engagements in memory: the plain telling of what every keeper of them does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.change import (
    AccountName,
    ChangeKind,
    ConnectionName,
)
from petiole.core.domain.engagement import (
    Cause,
    Engagement,
    EngagementId,
    EngagementSelection,
    RefusedEngagement,
    StoredEngagement,
    is_repeat,
)
from petiole.core.domain.message import MessageState
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagements import CLOCK_TOLERANCE, Checkpoint, StorageReceipt


class MemoryEngagements:
    """Reads and writes a `MemoryState`."""

    def __init__(self, state: MemoryState, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def store(
        self,
        account: AccountName,
        engagements: Sequence[Engagement],
        *,
        refused: Sequence[RefusedEngagement] = (),
        checkpoint: Checkpoint | None = None,
    ) -> StorageReceipt:
        """Keep what is new, refused ones and the checkpoint."""
        state = self._state
        with state.lock:
            kept = [self._keep(account, one) for one in engagements]
            state.refused_engagements += refused
            if checkpoint is not None:
                state.checkpoints[checkpoint.connection, checkpoint.reader] = checkpoint.place
        stored = [one for one in kept if one is not None]
        return StorageReceipt(
            stored=stored, repeated=len(engagements) - len(stored), refused=len(refused)
        )

    def _keep(self, account: AccountName, engagement: Engagement) -> StoredEngagement | None:
        """Keep one, unless it is known."""
        kept = self._state.engagements
        if any(is_repeat(engagement, known.engagement) for _, known in kept):
            return None
        stored = StoredEngagement(
            id=EngagementId(len(kept) + 1),
            engagement=engagement,
            received_at=self._clock.now(),
            cause=self._cause(account, engagement),
        )
        kept.append((account, stored))
        return stored

    def _cause(self, account: AccountName, engagement: Engagement) -> Cause | None:
        latest = engagement.occurred_at + CLOCK_TOLERANCE
        causes = [
            Cause(
                message=row.id,
                segment=row.change.scope.segment,
                batch=row.batch,
                delivered_at=row.settled_at,
            )
            for row in self._state.rows.values()
            if row.line == (account, engagement.identifier)
            and row.change.scope.connection == engagement.connection
            and row.change.kind is not ChangeKind.REMOVE
            and row.state is MessageState.DELIVERED
            and row.settled_at is not None
            and row.settled_at <= latest
        ]
        return max(
            causes,
            key=lambda cause: (cause.segment == engagement.campaign_id, cause.message),
            default=None,
        )

    def read(
        self, selection: EngagementSelection, *, after: EngagementId | None, limit: int
    ) -> Sequence[StoredEngagement]:
        """Read in the order of storing, after an id."""
        with self._state.lock:
            kept = [one for _, one in self._state.engagements if one.id > (after or 0)]
        return [one for one in kept if selection.fits(one.engagement)][:limit]

    def checkpoint(self, connection: ConnectionName, reader: str) -> str | None:
        """Tell how far a reader came."""
        with self._state.lock:
            return self._state.checkpoints.get((connection, reader))

    def rejoin(self, *, since: datetime, limit: int) -> int:
        """Look again for the causes of those that have none."""
        found = 0
        with self._state.lock:
            for place, (account, one) in enumerate(self._state.engagements):
                if one.cause or one.engagement.occurred_at < since or found == limit:
                    continue
                cause = self._cause(account, one.engagement)
                if cause is not None:
                    self._state.engagements[place] = (account, replace(one, cause=cause))
                    found += 1
        return found

"""The history in memory."""

from collections.abc import Sequence
from datetime import datetime

from petiole.adapters.memory.row import Row
from petiole.adapters.memory.state import MemoryState, life_of
from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.failpoints import FailPoint, reach

_OVER = {MessageState.DELIVERED, MessageState.FOLDED, MessageState.ERASED}


class MemoryHistory:
    """Reads and forgets the lives in a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def life(
        self, account: AccountName, connection: ConnectionName, identifier: Identifier
    ) -> Sequence[Happening]:
        """Tell in order what happened to a profile's changes in a connection."""
        with self._state.lock:
            return list(self._state.lives.get((account, connection, identifier), ()))

    def prune(self, before: datetime, *, limit: int) -> int:
        """Forget up to `limit` messages that came to a good end before a moment."""
        with self._state.lock:
            over = [(r.settled_at, r.id, r) for r in self._state.rows.values() if _is_over(r)]
            old = sorted((at, id_) for at, id_, _ in over if at is not None and at < before)
            forgotten = {id_ for _, id_ in old[:limit]}
            reach(FailPoint.PRUNE_WRITTEN)
            self._forget(forgotten)
        reach(FailPoint.PRUNE_COMMITTED)
        return len(forgotten)

    def _forget(self, ids: set[MessageId]) -> None:
        lives = self._state.lives
        for key in {life_of(self._state.rows[id_]) for id_ in ids}:
            lives[key] = [happening for happening in lives[key] if happening.message not in ids]
        for id_ in ids:
            del self._state.rows[id_]


def _is_over(row: Row) -> bool:
    return row.state in _OVER

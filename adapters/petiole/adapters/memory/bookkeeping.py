"""The sums and the dead letters of the outbox in memory."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from petiole.adapters.memory.state import MemoryState, Row
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import DeadLetter
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.tally import Tally


class MemoryBookkeeping:
    """Reads a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def tally(self, connection: ConnectionName) -> Tally:
        """Tell the kept sums."""
        with self._state.lock:
            return Tally(
                enqueued=self._state.enqueued[connection],
                states=+self._state.tallies[connection],
            )

    def audit(self, connection: ConnectionName) -> Tally:
        """Count the rows."""
        with self._state.lock:
            rows = self._state.rows.values()
            states = Counter(r.state for r in rows if r.change.scope.connection == connection)
        return Tally(enqueued=states.total(), states=states)

    def dead_letters(
        self, connection: ConnectionName | None, *, limit: int
    ) -> Sequence[DeadLetter]:
        """List dead and parked messages, the newest first."""
        with self._state.lock:
            ended = [
                (row.settled_at, row.id, row)
                for row in self._state.rows.values()
                if row.state in {MessageState.DEAD, MessageState.PARKED}
                and row.settled_at is not None
                and connection in {None, row.change.scope.connection}
            ]
            newest = sorted(ended, key=_moment, reverse=True)[:limit]
            return [_letter(row, at) for at, _, row in newest]


def _moment(ended: tuple[datetime, MessageId, Row]) -> tuple[datetime, MessageId]:
    return ended[:2]


def _letter(row: Row, at: datetime) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        connection=row.change.scope.connection,
        segment=row.change.scope.segment,
        identifier=row.change.identifier,
        kind=row.change.kind,
        state=row.state,
        code=row.code,
        reason=row.reason,
        attempts=row.attempts,
        at=at,
    )

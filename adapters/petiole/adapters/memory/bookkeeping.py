"""The sums of the outbox in memory."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.tally import Tally

QUARTER = timedelta(minutes=15)


class MemoryBookkeeping:
    """Reads a `MemoryState`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    def connections(self) -> Collection[ConnectionName]:
        """Name those that have sums."""
        with self._state.lock:
            return sorted(+self._state.enqueued)

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

    def calls(self, connections: Collection[ConnectionName], since: datetime) -> int:
        """Count the calls of settled attempts that ended since a moment, a quarter of an hour."""
        first = quarter(since)
        with self._state.lock:
            return sum(
                calls
                for (connection, began), calls in self._state.usage.items()
                if connection in connections and began >= first
            )


def quarter(moment: datetime) -> datetime:
    """Tell when the quarter of an hour began that holds a moment."""
    return moment - timedelta(
        minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond
    )

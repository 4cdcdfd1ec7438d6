"""Whose turn it is: the open messages of each profile in line, and the heads to be claimed."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from petiole.adapters.memory.row import LineKey, Row
from petiole.core.domain.backoff import LONGEST_WAIT
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import MessageId, MessageState


class Lines:
    """A line holds the open rows of a profile, and dead ones that hold, in the order of sending.

    The first of a line is its head, and the only one that may be claimed. `ready` and `waiting`
    hold the pending heads of each connection, sorted.
    """

    def __init__(self) -> None:
        self._lines: dict[LineKey, list[Row]] = {}
        self.ready: defaultdict[ConnectionName, list[MessageId]] = defaultdict(list)
        self.waiting: defaultdict[ConnectionName, list[tuple[datetime, MessageId]]] = defaultdict(
            list
        )

    def of(self, key: LineKey) -> Sequence[Row]:
        """Show the line of a profile."""
        return self._lines.get(key, ())

    def __iter__(self) -> Iterator[Sequence[Row]]:
        """Show every line."""
        return iter(self._lines.values())

    def append(self, row: Row) -> None:
        """Put a new row at the end of its line."""
        line = self._lines.setdefault(row.line, [])
        line.append(row)
        if line[0] is row:
            self._offer(row)

    def put_back(self, row: Row) -> None:
        """Let a pending row go on from its old place: behind what is in flight, else by its age."""
        line = self._lines.setdefault(row.line, [])
        head = line[0] if line else None
        if row in line:
            line.remove(row)
        first = 1 if line and line[0].state is MessageState.IN_FLIGHT else 0
        later = (n for n in range(first, len(line)) if line[n].id > row.id)
        line.insert(next(later, len(line)), row)
        if line[0] is head is not row:
            return
        if head is not None and head is not row:
            self._withdraw(head)
        if line[0].state is MessageState.PENDING:
            self._offer(line[0])

    def leave(self, row: Row) -> None:
        """Take a row out of its line, if it stands there, and let the next one come forward."""
        line = self._lines.get(row.line, [])
        if row not in line:
            return
        was_head = line[0] is row
        line.remove(row)
        if not line:
            del self._lines[row.line]
        elif was_head and line[0].state is MessageState.PENDING:
            self._offer(line[0])

    def due(self, connection: ConnectionName, now: datetime) -> Sequence[MessageId]:
        """Name the waiting heads whose moment has come, or is too far ahead to be believed."""
        waiting = self.waiting[connection]
        return [id_ for due_at, id_ in waiting if not now < due_at <= now + LONGEST_WAIT]

    def next_due_at(self, connection: ConnectionName, now: datetime) -> datetime | None:
        """Tell when the first of the others is due."""
        moments = (at for at, _ in self.waiting[connection] if now < at <= now + LONGEST_WAIT)
        return next(moments, None)

    def wake(self, row: Row) -> None:
        """Let a head wait no longer."""
        self._withdraw(row)
        row.due_at = None
        self._offer(row)

    def claim(self, connection: ConnectionName, count: int) -> None:
        """Let the first heads be found no longer."""
        del self.ready[connection][:count]

    def _offer(self, row: Row) -> None:
        connection = row.change.scope.connection
        if row.due_at is None:
            insort(self.ready[connection], row.id)
        else:
            insort(self.waiting[connection], (row.due_at, row.id))

    def _withdraw(self, row: Row) -> None:
        """Let a row be found no longer, if it could be."""
        connection = row.change.scope.connection
        if row.state is not MessageState.PENDING:
            return
        if row.due_at is None:
            ready = self.ready[connection]
            del ready[bisect_left(ready, row.id)]
        else:
            waiting = self.waiting[connection]
            del waiting[bisect_left(waiting, (row.due_at, row.id))]

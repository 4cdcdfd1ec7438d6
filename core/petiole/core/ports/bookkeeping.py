"""The sums of the outbox, for those who look on and for those who keep to a quota."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol, runtime_checkable

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.tally import Tally


@runtime_checkable
class Bookkeeping(Protocol):
    """Reads only; never blocks a runner."""

    def connections(self) -> Collection[ConnectionName]:
        """Name those for which anything was ever enqueued, once each."""
        ...

    def tally(self, connection: ConnectionName) -> Tally:
        """Tell the kept sums: O(1), and true also after old rows were pruned."""
        ...

    def audit(self, connection: ConnectionName) -> Tally:
        """Count the rows that are there; equals the tally as long as nothing was pruned."""
        ...

    def calls(self, connections: Collection[ConnectionName], since: datetime) -> int:
        """Count the calls of settled attempts that ended since a moment.

        To the quarter of an hour: the one that holds the moment counts whole.
        """
        ...

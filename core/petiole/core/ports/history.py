"""What became of messages, for as long as it is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening


@runtime_checkable
class History(Protocol):
    """Remembers attempts, answers and decisions."""

    def life(
        self, account: AccountName, connection: ConnectionName, identifier: Identifier
    ) -> Sequence[Happening]:
        """Tell in order what happened to a profile's changes in a connection.

        Nothing happened to strangers. A folded message was enqueued first. An attempt that made no
        call sent nothing, and what one says that was overtaken is not told. Costs what the
        profile's own changes cost, whatever else is kept.
        """
        ...

    def prune(self, before: datetime, *, limit: int) -> int:
        """Forget up to `limit` messages that were delivered, folded or erased before a moment.

        With them goes what is kept of their attempts and of decisions about them. Sums and ledger
        stay as they are, and so do messages that are open, parked or dead. Tells how many were
        forgotten; fewer than `limit` if there are no more.
        """
        ...

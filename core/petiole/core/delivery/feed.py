"""A feed: changes that go into the outbox while what is there already is delivered."""

from collections.abc import Callable, Sequence

from petiole.core.domain.batching import Claiming
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import Batch
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.ledger import Entering


class Feed:
    """Feeds one connection; `receipt` is what is in the outbox so far."""

    def __init__(
        self,
        connection: ConnectionName,
        entering: Entering,
        *,
        on_part: Callable[[EnqueueReceipt], None] | None = None,
    ) -> None:
        """Take what enters; `on_part` is told the running total after each part."""
        self.connection = connection
        self.receipt = EnqueueReceipt()
        self._entering = entering
        self._on_part = on_part

    def go_on(self, claiming: Claiming | None = None) -> Sequence[Batch] | None:
        """Enqueue one part, and tell what was claimed of it; `None` when all is enqueued.

        Raises:
            OutboxError: nothing of this part was enqueued.
        """
        entered = self._entering.part(claiming)
        if entered is None:
            return None
        self.receipt += entered.receipt
        if self._on_part is not None:
            self._on_part(self.receipt)
        return entered.batches

    def finish(self) -> EnqueueReceipt:
        """Enqueue all that is left, and tell the sum."""
        while self.go_on() is not None:
            pass
        return self.receipt

"""How changes come into the outbox of a host: as they are submitted, or as a plan found them."""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby

from petiole.core.delivery.enqueue import enqueue_all
from petiole.core.delivery.feed import Feed
from petiole.core.delivery.plan import Plan
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.tally import EnqueueReceipt
from petiole.host.container import Container
from petiole.host.settings import Settings


class Queueing:
    """Folds where the settings of a connection say so."""

    def __init__(self, settings: Settings, container: Container) -> None:
        self._settings = settings
        self._container = container

    def submit(
        self,
        changes: Iterable[ProfileChange],
        *,
        on_chunk: Callable[[EnqueueReceipt], None] | None = None,
    ) -> EnqueueReceipt:
        """Queue changes in order, chunk by chunk."""
        total = EnqueueReceipt()
        for folding, alike in groupby(changes, lambda one: self._folds(one.scope.connection)):
            told = partial(_tell, on_chunk, total)
            total += enqueue_all(self._container.outbox(), alike, folding=folding, on_chunk=told)
        return total

    def feed(
        self,
        connection: ConnectionName,
        plan: Plan,
        *,
        on_part: Callable[[EnqueueReceipt], None] | None = None,
    ) -> Feed:
        """Make what queues a plan's changes."""
        folding, now = self._folds(connection), self._container.clock().now()
        return Feed(connection, plan.entering(now, folding=folding), on_part=on_part)

    def _folds(self, connection: ConnectionName) -> bool:
        _, settings = self._settings.connection(connection)
        return settings.folding


def _tell(
    on_chunk: Callable[[EnqueueReceipt], None] | None, before: EnqueueReceipt, more: EnqueueReceipt
) -> None:
    if on_chunk is not None:
        on_chunk(before + more)

"""Ports of the store that cannot be used now and then, as when another program locks the file."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import OutboxBusy
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.outbox import Outbox

if TYPE_CHECKING:
    from tests.simulation.world import World


def _may_fail(world: "World", what: str) -> None:
    if world.random.random() < world.busyness:
        world.story.tell("store", f"is busy: {what}")
        raise OutboxBusy("the outbox is locked by another program")


class BusyOutbox:
    """An outbox."""

    def __init__(self, inner: Outbox, world: "World") -> None:
        self._inner = inner
        self._world = world

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        return self._inner.enqueue(changes, folding=folding)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        _may_fail(self._world, "backlog")
        return self._inner.backlog(connection, policy)

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        _may_fail(self._world, "claim")
        return self._inner.claim(connection, policy, batches=batches, partial=partial, lease=lease)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        _may_fail(self._world, "settle")
        return self._inner.settle(settlements)


class BusyStates:
    """States of connections."""

    def __init__(self, inner: ConnectionStates, world: "World") -> None:
        self._inner = inner
        self._world = world

    def state(self, connection: ConnectionName) -> ConnectionState:
        _may_fail(self._world, "state")
        return self._inner.state(connection)

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        _may_fail(self._world, "change")
        return self._inner.change(connection, transition, by=by)

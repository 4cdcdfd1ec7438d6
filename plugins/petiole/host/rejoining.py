"""Look again for the causes of engagements that were told before their delivery was settled."""

from collections.abc import Callable
from datetime import timedelta

from petiole.core.ports.clock import Clock
from petiole.host.chore import Chore
from petiole.host.store_thread import OpenStore, Store

EVERY = timedelta(minutes=1)
SPAN = timedelta(hours=1)
"""How far back: a delivery that takes longer to settle was retried, and its engagements late."""
MOST_AT_ONCE = 1_000
"""In one transaction, so that nobody waits long for it."""


def rejoining(open_store: OpenStore, *, clock: Clock, tell: Callable[[str], None]) -> Chore:
    """Make the chore."""

    def step(store: Store, ends: Callable[[], bool]) -> timedelta:
        del ends
        store.engagements.rejoin(since=clock.now() - SPAN, limit=MOST_AT_ONCE)
        return EVERY

    return Chore("joining engagements to deliveries", open_store, step, tell=tell)

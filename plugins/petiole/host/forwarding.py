"""Hand engagements on, each sink on a thread of its own, so that none waits for another."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from petiole.core.intake.forwarding import forward_some
from petiole.core.ports.engagement_sink import EngagementSink
from petiole.host.chore import Chore
from petiole.host.settings import Settings
from petiole.host.store_thread import OpenStore, Store

POLL = timedelta(seconds=5)
"""How often to look for what other processes stored; what this one did is told at once."""


def forwarders(
    settings: Settings, open_store: OpenStore, *, tell: Callable[[str], None]
) -> Sequence[Chore]:
    """Make a chore of each sink that the settings ask for.

    Raises:
        ConfigurationError: one cannot be opened.
    """
    del settings, open_store, tell
    return ()


def _step(sink: EngagementSink, name: str) -> Callable[[Store, Callable[[], bool]], timedelta]:
    def step(store: Store, ends: Callable[[], bool]) -> timedelta:
        while not ends() and forward_some(sink, store.engagements, name=name):
            pass
        return POLL

    return step

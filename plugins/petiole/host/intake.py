"""What a running host does about engagements in the background: fetch, join, hand on, tell."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import StoredEngagement
from petiole.core.domain.events import EngagementsStored
from petiole.core.ports.engagements import StorageReceipt
from petiole.host.chore import Chore
from petiole.host.container import Container
from petiole.host.discovery import Plugins
from petiole.host.forwarding import forwarders
from petiole.host.pulling import pulls
from petiole.host.rejoining import rejoining


class Intake:
    """Told of what was stored just now; tells plugins, and wakes those who hand it on."""

    def __init__(self, plugins: Plugins, forwarders: Sequence[Chore]) -> None:
        self._plugins = plugins
        self._forwarders = forwarders

    def stored(self, engagements: Sequence[StoredEngagement]) -> None:
        """Take what is new, in the order of storing; from any thread."""
        for forwarder in self._forwarders:
            forwarder.wake()
        for connection, some in groupby(engagements, _connection):
            self._plugins.engaged(EngagementsStored(connection=connection, engagements=[*some]))

    def received(self, receipt: StorageReceipt) -> None:
        """Take a receipt."""
        if receipt.stored:
            self.stored(receipt.stored)


@contextmanager
def intake(container: Container, *, tell: Callable[[str], None]) -> Iterator[Intake]:
    """Work in the background while inside; `tell` is told of trouble, from any thread.

    Raises:
        ConfigurationError: what the settings ask for cannot be done.
    """
    settings, registry = container.settings(), container.registry()
    container.plugins().load_observers()
    with ExitStack() as stack:
        handing_on = forwarders(
            settings, container.another_store, clock=container.clock(), tell=tell
        )
        taking = Intake(container.plugins(), handing_on)
        fetching = pulls(
            settings,
            registry,
            container.names(),
            open_store=container.another_store,
            clock=container.clock(),
            received=taking.received,
            tell=tell,
        )
        joining = rejoining(container.another_store, clock=container.clock(), tell=tell)
        for chore in (*handing_on, *fetching, joining):
            chore.start()
            stack.callback(chore.end)
        yield taking


def _connection(stored: StoredEngagement) -> ConnectionName:
    return stored.engagement.connection

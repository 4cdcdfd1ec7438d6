"""All that `petiole serve` adds to a running host, from the socket to the disk."""

import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version

from starlette.types import ASGIApp

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import StoredEngagement
from petiole.core.errors import PetioleError
from petiole.core.ports.engagement_receiver import EngagementReceiver
from petiole.host.container import Container
from petiole.host.receiving import Receiving
from petiole.host.web.description import describe
from petiole.host.web.reception import Desk, Limits, Reception, Waking
from petiole.host.web.server import WebServer
from petiole.host.web.site import site

LONGEST_TURN_SECONDS = 90.0
"""A relay that gives no sign for longer is stuck: it looks several times in that while."""
_PROBE = ConnectionName("")


class Pulse:
    """Whether the relay lives: it beats at every look."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def beat(self) -> None:
        """Give a sign of life."""
        self._last = time.monotonic()

    @property
    def is_felt(self) -> bool:
        """Whether the last sign is recent."""
        return time.monotonic() - self._last < LONGEST_TURN_SECONDS


@contextmanager
def serving(
    container: Container,
    *,
    pulse: Pulse,
    stored: Callable[[Sequence[StoredEngagement]], None],
) -> Iterator[WebServer]:
    """Listen, receive and store while inside; on the way out answer the last calls, and store.

    Args:
        container: of the running host.
        pulse: the relay's.
        stored: is told what is new, in the writer's thread.

    Raises:
        ConfigurationError: a receiver cannot be opened, or the address not be listened on.
    """
    web = container.settings().web
    with ExitStack() as stack:
        desks = _desks(container, stack)
        writers: list[Receiving] = []

        def make_app(loop: AbstractEventLoop) -> ASGIApp:
            receiving = Receiving(
                container.another_store,
                tell=Waking(loop).tell,
                stored=stored,
                max_waiting=web.max_waiting,
            )
            receiving.start()
            writers.append(receiving)
            description = describe([desk.receiver for desk in desks], version=version("petiole"))
            return Reception(
                desks,
                site(
                    health=_health(container, receiving, pulse),
                    description=description,
                ),
                receiving=receiving,
                clock=container.clock(),
                limits=Limits(
                    max_body_bytes=web.max_body_bytes, body_seconds=web.timeout.total_seconds()
                ),
            )

        server = WebServer(make_app, web)
        try:
            server.start()
            try:
                yield server
            finally:
                server.end()
        finally:
            for writer in writers:
                writer.end()


def pushed_to(container: Container) -> Sequence[ConnectionName]:
    """Name the connections that are set up for a push."""
    settings = container.settings()
    return [name for name in container.names() if settings.connections[name].is_pushed_to]


def _desks(container: Container, stack: ExitStack) -> Sequence[Desk]:
    """Open the receiver of each connection that is pushed to."""
    settings, registry = container.settings(), container.registry()
    return [
        Desk(
            settings.connections[name].account_of(name),
            stack.enter_context(
                registry.open(EngagementReceiver, name, settings.connections[name])
            ),
        )
        for name in pushed_to(container)
    ]


def _health(
    container: Container, receiving: Receiving, pulse: Pulse
) -> Callable[[], Mapping[str, bool]]:
    def usable() -> bool:
        if not container.settings().outbox_path.exists():
            return False  # to open it would make another
        try:
            with container.another_store() as store:
                store.engagements.checkpoint(_PROBE, "health")
        except PetioleError:
            return False
        return True

    def health() -> Mapping[str, bool]:
        return {"outbox": usable(), "receiver": receiving.is_well, "relay": pulse.is_felt}

    return health

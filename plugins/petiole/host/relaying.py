"""The relay of a host: wired for the sinks as they are, run until it is done or told to stop."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.delivery.feed import Feed
from petiole.core.delivery.relay import POLL, Relay
from petiole.host.container import Container
from petiole.host.settings import Settings
from petiole.host.upkeep import make_upkeep

if TYPE_CHECKING:
    from petiole.core.domain.change import ConnectionName
    from petiole.core.ports.profile_sink import ProfileSink

IDLE_POLL = timedelta(seconds=15)
"""How often an idle host looks by itself where a bell tells it of new work.

Each look costs what little it does many times over: by then, the processor's caches have forgotten.
"""


class Relaying:
    """Runs one relay at a time; only `stop` is called from other threads, or a signal handler."""

    def __init__(self, settings: Settings, container: Container) -> None:
        self._settings = settings
        self._container = container
        self._relay: Relay | None = None
        self._sinks: Mapping[ConnectionName, ProfileSink] = {}
        self._stopping = False
        self._wake: Callable[[], None] = lambda: None

    def deliver(
        self,
        *,
        flush: bool,
        until: Callable[[], bool],
        patience: timedelta,
        feed: Feed | None = None,
    ) -> None:
        """Deliver what is due, and with `flush` all there is, and queue a feed meanwhile."""
        with self._wired() as relay:
            relay.drain(
                flush=flush,
                patience=patience,
                until=lambda: self._stopping or until(),
                feed=feed,
            )
            make_upkeep(self._settings, self._container).catch_up()

    def run(self, *, until: Callable[[], bool]) -> None:
        """Deliver whatever becomes due until told to stop, and keep the host up meanwhile."""
        with self._wired() as relay, self._container.bell().listen(self._wake) as hears:
            upkeep = make_upkeep(self._settings, self._container)
            poll = IDLE_POLL if hears else POLL
            rest = upkeep.step()
            while not (self._stopping or until()):
                relay.turn(poll=min(poll, rest))
                rest = upkeep.step()
            relay.land()

    def stop(self) -> None:
        """End what is under way, else what comes next."""
        # A plain flag: a signal handler must not wait for a lock that its own thread may hold.
        self._stopping = True
        self._wake()

    @contextmanager
    def _wired(self) -> Iterator[Relay]:
        """Give the relay for the sinks as they are now; after it, no request to stop is left."""
        sinks = self._container.fitting_sinks()
        if self._relay is None or sinks != self._sinks:
            if self._relay is not None:
                self._relay.land()
            self._relay, self._sinks = self._container.relay(), dict(sinks)
        self._wake = self._container.workers().wake
        try:
            yield self._relay
        finally:
            self._stopping = False

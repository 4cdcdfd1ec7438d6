"""What a running host does between deliveries, a little at a time."""

from datetime import timedelta

from petiole.core.errors import OutboxBusy
from petiole.core.ports.clock import Clock
from petiole.core.ports.history import History
from petiole.host.container import Container
from petiole.host.secret_watch import SecretWatch
from petiole.host.settings import Settings

WATCH_EVERY = timedelta(seconds=2)
"""While a connection waits for another secret; and once after whatever else happened."""
PRUNE_STEP = 500
"""Messages that are forgotten in one transaction, so that no delivery waits for it."""
PRUNE_PAUSE = timedelta(seconds=1)
"""Between two steps while there is more."""
PRUNE_REST = timedelta(minutes=10)
"""After the last one."""
CATCH_UP = timedelta(seconds=5)
"""How long a command that delivers may forget at its end."""


class Upkeep:
    """Looks for changed secrets, and forgets what is older than the retention."""

    def __init__(
        self, *, watch: SecretWatch, history: History, clock: Clock, retention: timedelta
    ) -> None:
        """Take what to keep up; a `retention` of nothing keeps everything."""
        self._watch = watch
        self._history = history
        self._clock = clock
        self._retention = retention
        self._watch_at = timedelta()
        self._is_watching = False
        self._prune_at = clock.uptime() + PRUNE_PAUSE

    def step(self) -> timedelta:
        """Do what its time has come for, mostly nothing; tell when to come again at the latest."""
        now = self._clock.uptime()
        looked = now >= self._watch_at
        try:
            if looked:
                self._watch_at = now + WATCH_EVERY
                self._is_watching = self._watch.look()
            if self._retention and now >= self._prune_at:
                self._prune_at = now + self._prune()
        except OutboxBusy:
            return PRUNE_PAUSE  # the relay meets the same trouble, and tells of it
        # What was paused since the last look is seen by another one.
        watch = self._watch_at - now if self._is_watching or not looked else PRUNE_REST
        return min(watch, self._prune_at - now) if self._retention else watch

    def catch_up(self) -> None:
        """Forget what is due at the end of work in the foreground, for a few seconds at most."""
        if not self._retention:
            return
        until = self._clock.uptime() + CATCH_UP
        try:
            while self._prune() < PRUNE_REST and self._clock.uptime() < until:
                pass
        except OutboxBusy:
            return  # the next run catches up

    def _prune(self) -> timedelta:
        """Forget a little, and tell how long to rest then."""
        before = self._clock.now() - self._retention
        forgotten = self._history.prune(before, limit=PRUNE_STEP)
        return PRUNE_PAUSE if forgotten >= PRUNE_STEP else PRUNE_REST


def make_upkeep(settings: Settings, container: Container) -> Upkeep:
    """Make what keeps up a host's connections and its store."""
    registry, connections = container.registry(), settings.connections
    watch = SecretWatch(
        {name: registry.secrets(name, connections[name]) for name in container.sinks()},
        states=container.states(),
        clock=container.clock(),
    )
    return Upkeep(
        watch=watch,
        history=container.history(),
        clock=container.clock(),
        retention=settings.outbox.retention,
    )

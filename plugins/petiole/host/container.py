"""The composition root: which adapter stands behind which port. Nothing else is decided here.

Tests swap at a port: `container.sinks.override({"newsletter": MemorySink()})`. Which sinks there
are is asked anew each time that delivering begins; anything else is overridden before its first
use. A container serves one host and is thrown away with it; what it opens is closed by the `stack`
that it is given.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import providers

from petiole.adapters.system import SystemChance, SystemClock, ThreadWorkers, read_ahead
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import ConfigurationError, PortNotBound
from petiole.core.ports.clock import Clock
from petiole.core.ports.observer import Observer
from petiole.core.ports.profile_sink import ProfileSink
from petiole.core.ports.workers import Workers
from petiole.host.discovery import Plugins, find_plugins
from petiole.host.pacing import batches_ahead, calls_at_once, quota_of
from petiole.host.registry import Registry
from petiole.host.settings import DeadPolicy, Settings

if TYPE_CHECKING:
    from petiole.adapters.sqlite import SqliteStore
    from petiole.core.ports.bell import Bell
    from petiole.core.ports.bookkeeping import Bookkeeping
    from petiole.core.ports.chance import Chance
    from petiole.core.ports.connection_states import ConnectionStates
    from petiole.core.ports.dead_letters import DeadLetters
    from petiole.core.ports.engagements import EngagementBooks, Engagements
    from petiole.core.ports.history import History
    from petiole.core.ports.ledger import Ledger
    from petiole.core.ports.outbox import Outbox
    from petiole.core.ports.read_ahead import ReadAhead


def _store(path: Path, clock: Clock) -> "AbstractContextManager[SqliteStore]":
    from petiole.adapters.sqlite import open_store  # noqa: PLC0415 - a file is read meanwhile

    return open_store(path, clock=clock)


def _open_store(stack: ExitStack, path: Path, clock: Clock) -> "SqliteStore":
    return stack.enter_context(_store(path, clock))


def _open_sinks(
    stack: ExitStack,
    settings: Settings,
    registry: Registry,
    names: Sequence[ConnectionName],
    unusable: dict[ConnectionName, ConfigurationError],
) -> Mapping[ConnectionName, ProfileSink]:
    """Open what can be opened: one connection that cannot be used does not stop the others."""
    sinks: dict[ConnectionName, ProfileSink] = {}
    for name in names:
        opening = registry.open(ProfileSink, name, settings.connections[name])
        try:
            sinks[name] = stack.enter_context(opening)
        except ConfigurationError as error:
            unusable[name] = error
    if not sinks:
        raise next(iter(unusable.values()))
    return sinks


def _refuse_unfit(
    sinks: Mapping[ConnectionName, ProfileSink],
    names: Sequence[ConnectionName],
    unusable: Mapping[ConnectionName, ConfigurationError],
) -> Mapping[ConnectionName, ProfileSink]:
    """Refuse sinks that a test or a program swapped in, if they do not fit the connections."""
    if not isinstance(sinks, Mapping):
        raise PortNotBound(
            f"sinks go by connection, {{name: sink}}; overridden with a {type(sinks).__name__}"
        )
    missing = [name for name in names if name not in sinks and name not in unusable]
    if missing:
        raise PortNotBound(f"no sink for connection {missing[0]!r}; what was overridden lacks it")
    for name, sink in sinks.items():
        if name not in names:
            raise PortNotBound(f"a sink for {name!r}, a connection that this host did not open")
        if not isinstance(sink, ProfileSink):
            raise PortNotBound(
                f"the sink for connection {name!r} is a {type(sink).__name__}, no ProfileSink"
            )
    return sinks


def _open_workers(
    stack: ExitStack,
    settings: Settings,
    registry: Registry,
    sinks: Mapping[ConnectionName, ProfileSink],
) -> Workers[Delivery]:
    limits: dict[str, int] = {name: calls_at_once(name, settings, registry) for name in sinks}
    prompt = [name for name in sinks if not _ahead(name, settings, registry)]
    return stack.enter_context(ThreadWorkers[Delivery](limits, prompt=prompt))


def _routes(
    settings: Settings, registry: Registry, sinks: Mapping[ConnectionName, ProfileSink]
) -> Sequence[Route]:
    return [_route(name, sink, settings, registry) for name, sink in sinks.items()]


def _route(
    name: ConnectionName, sink: ProfileSink, settings: Settings, registry: Registry
) -> Route:
    connection = settings.connections[name]
    return Route(
        connection=name,
        sink=sink,
        batching=connection.batching,
        retry=connection.retrying,
        ambiguity=connection.on_doubt,
        hold_dead=connection.on_dead is DeadPolicy.HOLD,
        max_in_flight=calls_at_once(name, settings, registry),
        ahead=_ahead(name, settings, registry),
        quota=quota_of(name, settings, registry),
    )


def _ahead(name: ConnectionName, settings: Settings, registry: Registry) -> int:
    """Tell how many batches may be claimed beside those that are being sent.

    Where a person decides about all that a dead runner held, it holds nothing but what it sends;
    and who asks for one call at a time wants to know which.
    """
    connection, at_once = settings.connections[name], calls_at_once(name, settings, registry)
    if at_once == 1 or connection.on_doubt is AmbiguityPolicy.PARK:
        return 0
    return batches_ahead(at_once, connection.batching.max_profiles)


class Container:
    """Providers, from the outside in: each is called for what it makes, and can be overridden.

    A class of our own, since the library's containers import, for ways of injecting that are not
    used here, whatever web framework is installed.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        stack: ExitStack,
        names: Sequence[ConnectionName],
        observer: Observer,
    ) -> None:
        self.settings: providers.Provider[Settings] = providers.Object(settings)
        self.stack: providers.Provider[ExitStack] = providers.Object(stack)
        self.names: providers.Provider[Sequence[ConnectionName]] = providers.Object(names)
        self.observer: providers.Provider[Observer] = providers.Object(observer)

        self.clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
        self.chance: providers.Provider[Chance] = providers.ThreadSafeSingleton(SystemChance)
        self.read_ahead: providers.Provider[ReadAhead] = providers.Object(read_ahead)

        self.plugins: providers.Provider[Plugins] = providers.ThreadSafeSingleton(
            Plugins, providers.Callable(find_plugins)
        )
        self.registry: providers.Provider[Registry] = providers.ThreadSafeSingleton(
            Registry, self.plugins
        )

        path = self.settings.provided.outbox_path
        self.store: providers.Provider[SqliteStore] = providers.ThreadSafeSingleton(
            _open_store, self.stack, path, self.clock
        )
        self.another_store: providers.Provider[AbstractContextManager[SqliteStore]] = (
            providers.Factory(_store, path, self.clock)
        )
        """For a thread of its own: each opens one, and closes it there."""
        store = self.store.provided
        self.outbox: providers.Provider[Outbox] = store.outbox
        self.dead_letters: providers.Provider[DeadLetters] = store.dead_letters
        self.history: providers.Provider[History] = store.history
        self.bell: providers.Provider[Bell] = store.bell
        self.engagements: providers.Provider[Engagements] = store.engagements
        self.engagement_books: providers.Provider[EngagementBooks] = store.engagement_books
        self.ledger: providers.Provider[Ledger] = store.ledger
        self.bookkeeping: providers.Provider[Bookkeeping] = store.bookkeeping
        self.states: providers.Provider[ConnectionStates] = store.states

        self.unusable: providers.Provider[dict[ConnectionName, ConfigurationError]] = (
            providers.ThreadSafeSingleton(dict)
        )
        self.sinks: providers.Provider[Mapping[ConnectionName, ProfileSink]] = (
            providers.ThreadSafeSingleton(
                _open_sinks, self.stack, self.settings, self.registry, self.names, self.unusable
            )
        )
        self.fitting_sinks: providers.Provider[Mapping[ConnectionName, ProfileSink]] = (
            providers.Callable(_refuse_unfit, self.sinks, self.names, self.unusable)
        )
        """The sinks as they are now, overridden or not."""
        self.workers: providers.Provider[Workers[Delivery]] = providers.ThreadSafeSingleton(
            _open_workers, self.stack, self.settings, self.registry, self.sinks
        )
        self.relay: providers.Provider[Relay] = providers.Factory(
            Relay,
            providers.Callable(_routes, self.settings, self.registry, self.fitting_sinks),
            outbox=self.outbox,
            states=self.states,
            bookkeeping=self.bookkeeping,
            workers=self.workers,
            clock=self.clock,
            chance=self.chance,
            observer=self.observer,
        )

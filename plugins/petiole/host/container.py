"""The composition root: which adapter stands behind which port. Nothing else is decided here.

Tests swap at a port: `container.sinks.override({"newsletter": MemorySink()})`. Which sinks there
are is asked anew each time that delivering begins; anything else is overridden before its first
use. A container serves one host and is thrown away with it; what it opens is closed by the `stack`
that it is given.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from dependency_injector import containers, providers

from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.system import SystemChance, SystemClock, ThreadWorkers
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.change import ConnectionName
from petiole.core.errors import ConfigurationError, PortNotBound
from petiole.core.ports.bell import Bell
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.chance import Chance
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.engagements import EngagementBooks, Engagements
from petiole.core.ports.history import History
from petiole.core.ports.ledger import Ledger
from petiole.core.ports.observer import Observer
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from petiole.core.ports.workers import Workers
from petiole.host.discovery import Plugins, find_plugins
from petiole.host.pacing import calls_at_once, quota_of
from petiole.host.registry import Registry
from petiole.host.settings import DeadPolicy, Settings


def _open_store(stack: ExitStack, path: Path, clock: Clock) -> SqliteStore:
    return stack.enter_context(open_store(path, clock=clock))


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
    return stack.enter_context(ThreadWorkers[Delivery](limits))


def _routes(
    settings: Settings, registry: Registry, sinks: Mapping[ConnectionName, ProfileSink]
) -> Sequence[Route]:
    return [
        Route(
            connection=name,
            sink=sink,
            batching=settings.connections[name].batching,
            retry=settings.connections[name].retrying,
            ambiguity=settings.connections[name].on_doubt,
            hold_dead=settings.connections[name].on_dead is DeadPolicy.HOLD,
            max_in_flight=calls_at_once(name, settings, registry),
            quota=quota_of(name, settings, registry),
        )
        for name, sink in sinks.items()
    ]


class Container(containers.DeclarativeContainer):
    """Providers, from the outside in; `settings`, `stack`, `names` and `observer` are handed in."""

    settings: providers.Provider[Settings] = providers.Dependency(instance_of=Settings)
    stack: providers.Provider[ExitStack] = providers.Dependency(instance_of=ExitStack)
    names: providers.Provider[Sequence[ConnectionName]] = providers.Dependency()
    observer: providers.Provider[Observer] = providers.Dependency()

    clock: providers.Provider[Clock] = providers.ThreadSafeSingleton(SystemClock)
    chance: providers.Provider[Chance] = providers.ThreadSafeSingleton(SystemChance)

    plugins: providers.Provider[Plugins] = providers.ThreadSafeSingleton(
        Plugins, providers.Callable(find_plugins)
    )
    registry: providers.Provider[Registry] = providers.ThreadSafeSingleton(Registry, plugins)

    store: providers.Provider[SqliteStore] = providers.ThreadSafeSingleton(
        _open_store, stack, settings.provided.outbox_path, clock
    )
    another_store: providers.Provider[AbstractContextManager[SqliteStore]] = providers.Factory(
        open_store, settings.provided.outbox_path, clock=clock
    )
    """For a thread of its own: each opens one, and closes it there."""
    outbox: providers.Provider[Outbox] = store.provided.outbox
    dead_letters: providers.Provider[DeadLetters] = store.provided.dead_letters
    history: providers.Provider[History] = store.provided.history
    bell: providers.Provider[Bell] = store.provided.bell
    engagements: providers.Provider[Engagements] = store.provided.engagements
    engagement_books: providers.Provider[EngagementBooks] = store.provided.engagement_books
    ledger: providers.Provider[Ledger] = store.provided.ledger
    bookkeeping: providers.Provider[Bookkeeping] = store.provided.bookkeeping
    states: providers.Provider[ConnectionStates] = store.provided.states

    unusable: providers.Provider[dict[ConnectionName, ConfigurationError]] = (
        providers.ThreadSafeSingleton(dict)
    )
    sinks: providers.Provider[Mapping[ConnectionName, ProfileSink]] = providers.ThreadSafeSingleton(
        _open_sinks, stack, settings, registry, names, unusable
    )
    fitting_sinks: providers.Provider[Mapping[ConnectionName, ProfileSink]] = providers.Callable(
        _refuse_unfit, sinks, names, unusable
    )
    """The sinks as they are now, overridden or not."""
    workers: providers.Provider[Workers[Delivery]] = providers.ThreadSafeSingleton(
        _open_workers, stack, settings, registry, sinks
    )
    relay: providers.Provider[Relay] = providers.Factory(
        Relay,
        providers.Callable(_routes, settings, registry, fitting_sinks),
        outbox=outbox,
        states=states,
        bookkeeping=bookkeeping,
        workers=workers,
        clock=clock,
        chance=chance,
        observer=observer,
    )

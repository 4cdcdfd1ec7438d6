"""Pull engagements on a schedule, or once; each pull opens the plugin's source anew."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from petiole.core.domain.change import ConnectionName
from petiole.core.errors import InvalidSettings
from petiole.core.intake.pulling import PullCount, pull
from petiole.core.ports.clock import Clock
from petiole.core.ports.engagement_source import EngagementSource
from petiole.core.ports.engagements import Engagements, StorageReceipt
from petiole.host.chore import Chore
from petiole.host.intake_settings import PullSettings
from petiole.host.registry import Registry
from petiole.host.settings import ConnectionSettings, Settings
from petiole.host.store_thread import OpenStore, Store

FIRST_PULL = timedelta(days=30)
"""How far back the first pull goes, where no setting says it."""

OnPage = Callable[[StorageReceipt], None]


def pull_once(
    connection: tuple[ConnectionName, ConnectionSettings],
    registry: Registry,
    engagements: Engagements,
    *,
    source: str,
    since: datetime,
    on_page: OnPage,
    until: Callable[[], bool] = lambda: False,
) -> PullCount:
    """Fetch what is new, going on where an earlier pull ended or was cut off.

    Args:
        connection: whose engagements.
        registry: offers its plugin's sources.
        engagements: where they are kept.
        source: which one, by the last part of its id; "" takes the first.
        since: where one begins that has no checkpoint yet.
        on_page: is told of each page, after it is durable.
        until: asked after each page; true ends the pull.

    Raises:
        ConfigurationError: the source cannot be opened.
        DeliveryError: the platform does not answer; what was stored stays.
    """
    name, settings = connection
    with registry.open(EngagementSource, name, settings, called=source) as opened:
        return pull(
            opened,
            engagements,
            account=settings.account_of(name),
            connection=name,
            since=since,
            on_page=on_page,
            until=until,
        )


def pulls(
    settings: Settings,
    registry: Registry,
    names: Sequence[ConnectionName],
    *,
    open_store: OpenStore,
    clock: Clock,
    received: OnPage,
    tell: Callable[[str], None],
) -> Sequence[Chore]:
    """Make a chore of each pull that the settings of connections ask for.

    Raises:
        ConfigurationError: the plugin offers no such source.
    """
    asked = [(name, settings.connections[name]) for name in names]
    made = []
    for name, connection in asked:
        schedule = connection.pull
        if schedule is None:
            continue
        registry.require(EngagementSource, name, connection, called=schedule.source)
        step = _step((name, connection), schedule, registry, clock=clock, received=received)
        made.append(Chore(f"pulling engagements of {name!r}", open_store, step, tell=tell))
    return made


def chosen_source(name: ConnectionName, settings: ConnectionSettings, asked: str | None) -> str:
    """Choose the source of a connection: the one asked for, else that of its settings.

    Raises:
        InvalidSettings: neither says which.
    """
    if asked:
        return asked
    if settings.pull is None:
        raise InvalidSettings(
            f"connections.{name}.pull does not say where from; add for example "
            'pull = { from = "mailings" }, or say --from'
        )
    return settings.pull.source


def _step(
    connection: tuple[ConnectionName, ConnectionSettings],
    schedule: PullSettings,
    registry: Registry,
    *,
    clock: Clock,
    received: OnPage,
) -> Callable[[Store, Callable[[], bool]], timedelta]:
    def step(store: Store, ends: Callable[[], bool]) -> timedelta:
        pull_once(
            connection,
            registry,
            store.engagements,
            source=schedule.source,
            since=clock.now() - schedule.since,
            on_page=received,
            until=ends,
        )
        return schedule.every

    return step

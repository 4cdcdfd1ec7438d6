"""A connection at a glance: whether it works, what waits, and for what."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.breaker import ConnectionState, Flow, Hold
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.tally import Tally
from petiole.core.errors import ConfigurationError
from petiole.host.container import Container
from petiole.host.pacing import quota_of
from petiole.host.settings import Settings

SILENCE = timedelta(hours=48)
"""For so long after the first profile was taken, a segment may be without any engagement."""


class Condition(StrEnum):
    """One word for how a connection is."""

    OK = "ok"
    """It delivers what is due."""
    RETRYING = "retrying"
    """Its last batches failed; it goes on trying."""
    PACING = "pacing"
    """It keeps still because the platform asked for it, or its quota is used up."""
    BREAKER_OPEN = "breaker open"
    """It keeps still because too many batches failed in a row."""
    PROBING = "probing"
    """One batch may try, and decides."""
    PAUSED = "paused"
    """It sends nothing until somebody acts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUse:
    """Calls that were made since the platform's day began, of those that it takes in a day."""

    used: int
    calls: int
    day_ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionStatus:
    """One connection at a glance, at the moment `now`."""

    name: ConnectionName
    now: datetime
    state: ConnectionState
    tally: Tally
    backlog: Backlog
    batching: BatchPolicy
    quota: QuotaUse | None = None
    silent: Sequence[SegmentId] = ()
    """Where engagements are expected: segments that took profiles long ago, and none came."""

    @property
    def condition(self) -> Condition:
        """Tell how it is."""
        match self.state.flow(self.now):
            case Flow.PAUSED:
                return Condition.PAUSED
            case Flow.PROBING:
                return Condition.PROBING
            case Flow.OPEN:
                is_pace = self.state.hold in {Hold.PACE, Hold.QUOTA}
                return Condition.PACING if is_pace else Condition.BREAKER_OPEN
            case Flow.CLOSED:
                return Condition.RETRYING if self.state.failures else Condition.OK

    @property
    def next_flush(self) -> datetime | None:
        """Tell when the batch that now fills goes out even if it is not full by then."""
        oldest = self.backlog.oldest_enqueued_at
        flush = oldest and min(oldest, self.now) + self.batching.max_age
        held = self.state.open_until if self.state.flow(self.now) is Flow.OPEN else None
        return flush and max(flush, held or flush)


def look_at(settings: Settings, container: Container) -> Sequence[ConnectionStatus]:
    """Look at every connection of a host."""
    now = container.clock().now()
    return [
        ConnectionStatus(
            name=name,
            now=now,
            state=container.states().state(name),
            tally=container.bookkeeping().tally(name),
            backlog=container.outbox().backlog(name, settings.connections[name].batching),
            batching=settings.connections[name].batching,
            quota=_quota_use(name, settings, container, now),
            silent=_silent(name, settings, container, now),
        )
        for name in container.names()
    ]


def _quota_use(
    name: ConnectionName, settings: Settings, container: Container, now: datetime
) -> QuotaUse | None:
    """Tell of a day's calls, if the plugin can be asked: a look must work without it."""
    try:
        quota = quota_of(name, settings, container.registry())
    except ConfigurationError:
        return None
    if quota is None:
        return None
    used = container.bookkeeping().calls(quota.shared_by, quota.day_began(now))
    return QuotaUse(used=used, calls=quota.calls, day_ends=quota.day_ends(now))


def _silent(
    name: ConnectionName, settings: Settings, container: Container, now: datetime
) -> Sequence[SegmentId]:
    connection = settings.connections[name]
    if not (connection.is_pushed_to or connection.pull):
        return ()
    return sorted(container.engagement_books().silent(name, accepted_before=now - SILENCE))


def any_waits(statuses: Collection[ConnectionStatus]) -> bool:
    """Tell whether anything is still to be delivered."""
    return any(status.tally.waiting for status in statuses)

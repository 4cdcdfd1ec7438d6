"""A connection at a glance: whether it works, what waits, and for what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from petiole.core.domain.batching import Backlog, BatchPolicy, flush_at, ripe_at
from petiole.core.domain.breaker import HEALTHY, ConnectionState, Flow, Hold
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.message import MessageState
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
    """It delivers what is due, or has nothing to deliver."""
    RETRYING = "retrying"
    """Its last batches failed; it goes on trying what waits."""
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
                return Condition.PROBING if self.tally.waiting else Condition.OK
            case Flow.OPEN:
                is_pace = self.state.hold in {Hold.PACE, Hold.QUOTA}
                return Condition.PACING if is_pace else Condition.BREAKER_OPEN
            case Flow.CLOSED:
                is_trying = self.state.failures and self.tally.waiting
                return Condition.RETRYING if is_trying else Condition.OK

    @property
    def needs_attention(self) -> bool:
        """Tell whether a person should look: it stands still, or something ended badly."""
        stands_still = self.condition in {Condition.PAUSED, Condition.BREAKER_OPEN}
        ended_badly = self.tally[MessageState.DEAD] or self.tally[MessageState.PARKED]
        return bool(stands_still or ended_badly or not self.tally.balanced)

    @property
    def oldest_enqueued_at(self) -> datetime | None:
        """Tell since when the oldest waits, as far as one batch deep can tell."""
        moments = (self.backlog.oldest_enqueued_at, self.backlog.oldest_waiting_at)
        return min((moment for moment in moments if moment is not None), default=None)

    @property
    def next_flush(self) -> datetime | None:
        """Tell when the batch that now fills goes out even if it is not full by then."""
        return self._allowed(flush_at(self.backlog, self.batching, now=self.now))

    @property
    def next_try(self) -> datetime | None:
        """Tell when a running host next sends what waits for a later try.

        Its wait must be over; then it makes a batch full, or goes by its age.
        """
        oldest, due_at = self.backlog.oldest_waiting_at, self.backlog.next_due_at
        if oldest is None or due_at is None:
            return None
        fills_a_batch = self.tally[MessageState.PENDING] >= self.batching.max_profiles
        ripe = self.now if fills_a_batch else ripe_at(oldest, self.batching, now=self.now)
        return self._allowed(max(due_at, ripe))

    def _allowed(self, moment: datetime | None) -> datetime | None:
        """Put off what a hold puts off; nothing is sent while the connection is paused."""
        if moment is None or self.state.paused:
            return None
        held = self.state.open_until if self.state.flow(self.now) is Flow.OPEN else None
        return max(moment, held or moment)


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


def look_ahead(
    settings: Settings, names: Iterable[ConnectionName], now: datetime
) -> Sequence[ConnectionStatus]:
    """Tell how connections stand before anything was ever queued."""
    return [
        ConnectionStatus(
            name=name,
            now=now,
            state=HEALTHY,
            tally=Tally(),
            backlog=Backlog(),
            batching=settings.connections[name].batching,
        )
        for name in names
    ]


def left_behind(settings: Settings, container: Container) -> Mapping[ConnectionName, Tally]:
    """Tell what is left of connections that are not in the settings any more.

    Only of those of which something is open or dead.
    """
    bookkeeping = container.bookkeeping()
    gone = set(bookkeeping.connections()) - settings.connections.keys()
    tallies = {name: bookkeeping.tally(name) for name in sorted(gone)}
    return {
        name: tally for name, tally in tallies.items() if tally.open or tally[MessageState.DEAD]
    }


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

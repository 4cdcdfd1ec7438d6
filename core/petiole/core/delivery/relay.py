"""The relay: claim what is due, deliver it through the workers, settle every message, repeat."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from petiole.core.delivery import telling
from petiole.core.delivery.attempt import Attempt, attempt
from petiole.core.delivery.verdicts import Judgement, judge
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy, DueReason, due, next_look
from petiole.core.domain.breaker import BreakerPolicy, Flow
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import Event, LeaseExpired
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import AmbiguityPolicy, Settlement
from petiole.core.ports.chance import Chance
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.observer import Observer
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from petiole.core.ports.workers import Workers

POLL = timedelta(milliseconds=500)
"""How often an idle relay looks for what others enqueued, and notices a wish to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One connection as the relay serves it."""

    connection: ConnectionName
    sink: ProfileSink
    batching: BatchPolicy = field(default_factory=BatchPolicy)
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.RESEND
    max_in_flight: int = 8
    lease: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A finished attempt, on its way back from a worker."""

    batch: Batch
    attempt: Attempt


class Relay:
    """Serves any number of connections from one thread; the workers' threads only call sinks."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        outbox: Outbox,
        states: ConnectionStates,
        workers: Workers[Delivery],
        clock: Clock,
        chance: Chance,
        observer: Observer,
    ) -> None:
        self._routes: Mapping[ConnectionName, Route] = {route.connection: route for route in routes}
        self._outbox = outbox
        self._states = states
        self._workers = workers
        self._clock = clock
        self._chance = chance
        self._observer = observer
        self._in_air: Mapping[ConnectionName, set[BatchId]] = {name: set() for name in self._routes}

    def run(self, *, until: Callable[[], bool]) -> None:
        """Relay until told to stop; then settle what is in the air and return."""
        while not until():
            self._await(self._serve_all(flush=False))
        self.land()

    def drain(
        self, *, flush: bool, patience: timedelta, until: Callable[[], bool] = lambda: False
    ) -> None:
        """Relay until nothing is left that can be sent within `patience`, then return.

        Args:
            flush: send also batches that are neither full nor old enough.
            patience: how long to wait, since the last delivery, for a message's next try, for a
                held connection or for another runner.
            until: asked often; true ends the work early.
        """
        active_at = self._clock.now()
        while not until():
            wake = self._serve_all(flush=flush)
            if any(self._in_air.values()):
                active_at = self._clock.now()
            elif wake is None or wake > active_at + patience:
                return
            self._await(wake)
        self.land()

    def land(self) -> None:
        """Wait for what is in the air and settle it."""
        while any(self._in_air.values()):
            self._settle(self._workers.collect(POLL))

    def _serve_all(self, *, flush: bool) -> datetime | None:
        """Claim and submit what may be sent now; tell when to look again, `None` for no reason."""
        wakes = [self._serve(route, flush=flush) for route in self._routes.values()]
        return min((wake for wake in wakes if wake is not None), default=None)

    def _await(self, wake: datetime | None) -> None:
        """Wait for the first result, but not beyond `wake` nor longer than a poll; settle."""
        wait = POLL if wake is None else min(max(wake - self._clock.now(), timedelta()), POLL)
        self._settle(self._workers.collect(wait))

    def _serve(self, route: Route, *, flush: bool) -> datetime | None:
        """Claim and submit what one connection may send now; tell when to look again."""
        now = self._clock.now()
        state = self._states.state(route.connection)
        flow = state.flow(now)
        if flow is Flow.PAUSED:
            return None
        backlog = self._outbox.backlog(route.connection, route.batching)
        reason = due(backlog, route.batching, now=now, flush=flush)
        look = now if reason else next_look(backlog, route.batching)
        if flow is Flow.OPEN:
            return look and max(look, state.open_until or now)
        room = 1 if flow is Flow.PROBING else route.max_in_flight
        in_air = len(self._in_air[route.connection])
        room -= max(in_air, backlog.in_flight)
        if reason:
            sent = room > 0 and self._send(route, reason, room)
            return now if sent else now + POLL
        if backlog.in_flight > in_air:
            return min(look or now + POLL, now + POLL)
        return look

    def _send(self, route: Route, reason: DueReason, room: int) -> bool:
        batches = self._outbox.claim(
            route.connection,
            route.batching,
            batches=room,
            partial=reason in {DueReason.AGE, DueReason.FLUSH},
            lease=route.lease,
        )
        in_air = self._in_air[route.connection]
        # One of ours that outlasts its lease comes back as recovered: the claim has renewed it.
        fresh = [batch for batch in batches if batch.id not in in_air]
        for batch in fresh:
            in_air.add(batch.id)
            self._workers.submit(route.connection, self._task(route, batch))
        return bool(fresh)

    def _task(self, route: Route, batch: Batch) -> Callable[[], Delivery]:
        def deliver() -> Delivery:
            return Delivery(batch, attempt(route.sink, batch, ambiguity=route.ambiguity))

        return deliver

    def _settle(self, deliveries: Sequence[Delivery]) -> None:
        """Record a handful of finished deliveries in one transaction, then tell about them."""
        if not deliveries:
            return
        now = self._clock.now()
        judged = [(delivery, self._judge(delivery, now)) for delivery in deliveries]
        lost = self._outbox.settle(
            [Settlement(delivery.batch.id, judgement.verdicts) for delivery, judgement in judged]
        )
        for delivery, judgement in judged:
            batch = delivery.batch
            if delivery.attempt.calls:
                self._note_state(batch.connection, judgement, now)
            if batch.id in lost:
                self._tell([LeaseExpired(connection=batch.connection, batch=batch.id)])
            else:
                self._tell(telling.settled(batch, delivery.attempt, judgement))

    def _judge(self, delivery: Delivery, now: datetime) -> Judgement:
        route = self._routes[delivery.batch.connection]
        self._in_air[route.connection].remove(delivery.batch.id)
        return judge(
            delivery.attempt,
            retry=route.retry,
            ambiguity=route.ambiguity,
            now=now,
            fraction=self._chance.fraction(),
        )

    def _note_state(self, connection: ConnectionName, judgement: Judgement, now: datetime) -> None:
        route = self._routes[connection]
        before = self._states.state(connection)
        after = judgement.next_state(
            before,
            breaker=route.breaker,
            retry=route.retry,
            now=now,
            fraction=self._chance.fraction(),
        )
        if after != before:
            self._states.record(connection, after)
            self._tell(telling.changed(connection, before, after))

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._observer.notify(event)

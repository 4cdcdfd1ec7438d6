"""The relay: claim what is due, deliver it through the workers, settle every message, repeat."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from petiole.core.delivery.air import Air
from petiole.core.delivery.attempt import attempt
from petiole.core.delivery.feed import Feed
from petiole.core.delivery.landing import Delivery, Landing
from petiole.core.delivery.outage import Outage
from petiole.core.delivery.route import Route
from petiole.core.domain.batching import Backlog, Claiming, DueReason, due, next_look
from petiole.core.domain.breaker import Flow, Hold, held_until
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import ConnectionHeld
from petiole.core.domain.message import Batch
from petiole.core.errors import OutboxBusy
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.chance import Chance
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.observer import Observer
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.workers import Workers

POLL = timedelta(milliseconds=500)
"""How often a relay looks for what others did, where nothing tells it."""

LANDING_PATIENCE = timedelta(seconds=30)
"""For how long what is in the air may wait for a busy outbox when the relay is to end."""


class Relay:
    """Serves any number of connections from one thread; the workers' threads only call sinks."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        outbox: Outbox,
        states: ConnectionStates,
        bookkeeping: Bookkeeping,
        workers: Workers[Delivery],
        clock: Clock,
        chance: Chance,
        observer: Observer,
    ) -> None:
        self._routes = {route.connection: route for route in routes}
        self._outbox = outbox
        self._states = states
        self._bookkeeping = bookkeeping
        self._workers = workers
        self._clock = clock
        self._observer = observer
        self._landing = Landing(
            self._routes,
            outbox=outbox,
            states=states,
            clock=clock,
            chance=chance,
            observer=observer,
        )
        self._air = Air()
        self._busy: OutboxBusy | None = None
        self._outage = Outage(clock, observer)
        self._feed: Feed | None = None
        self._halted: set[str] = set()

    def run(self, *, until: Callable[[], bool], poll: timedelta = POLL) -> None:
        """Relay until told to stop; then settle what is in the air and return.

        Args:
            until: asked after every look; whoever makes it true wakes the workers too.
            poll: how often to look for what others did: seldom, if a bell tells.
        """
        while not until():
            self.turn(poll=poll)
        self.land()

    def turn(self, *, poll: timedelta = POLL) -> None:
        """Look once: claim and submit what may be sent, wait for a result or a poll, settle."""
        self._await(self._serve_all(flush=False), poll)

    def drain(
        self,
        *,
        flush: bool,
        patience: timedelta,
        until: Callable[[], bool] = lambda: False,
        feed: Feed | None = None,
    ) -> None:
        """Relay until nothing is left that can be sent within `patience`, then return.

        Args:
            flush: send also batches that are neither full nor old enough.
            feed: changes to enqueue meanwhile: all in the end, claimed at once if nothing waits.
            patience: how long to wait, since the last delivery, for a message's next try, for a
                held connection, for another runner or for a busy outbox.
            until: asked often; true ends the work early.

        Raises:
            OutboxBusy: the outbox could not be used for the whole of `patience`.
        """
        active_at = self._clock.now()
        self._feed = feed
        while not until():
            wake = self._serve_all(flush=flush)
            if self._air and not self._busy:
                active_at = self._clock.now()
            elif wake is None or wake > active_at + patience:
                break
            self._await(wake, POLL)
        self._feed = None
        try:
            if feed:
                feed.finish()
        finally:
            self.land()
        if self._busy:
            raise self._busy

    def land(self) -> None:
        """Wait for what is being sent and settle it; what still waits for a worker is not sent.

        Raises:
            OutboxBusy: that cannot be recorded; the next runner sends it again.
        """
        self._halted.update(self._routes)
        gives_up_at = self._clock.uptime() + LANDING_PATIENCE
        wait = timedelta()  # first of all, what has come already is settled
        while self._air or not self._landing.is_clear:
            self._landing.take(self._workers.collect(wait))
            wait = POLL
            try:
                self._settle()
            except OutboxBusy:
                if self._clock.uptime() > gives_up_at:
                    raise

    def _serve_all(self, *, flush: bool) -> datetime | None:
        """Claim and submit what may be sent now; tell when to look again, `None` for no reason."""
        self._busy = None
        try:
            self._landing.note_states()
            wakes = [self._serve(route, flush=flush) for route in self._routes.values()]
        except OutboxBusy as error:
            return self._wait_for_outbox(error)
        return min((wake for wake in wakes if wake is not None), default=None)

    def _await(self, wake: datetime | None, poll: timedelta) -> None:
        """Wait for the first result, but not beyond `wake` nor longer than a poll; settle.

        With a feed and nothing to settle, bring in a part of it: it would be lost with us.
        """
        wait = poll if wake is None else min(max(wake - self._clock.now(), timedelta()), poll)
        feeding = self._feed and not self._busy and self._landing.is_clear
        landed = self._collect(timedelta() if feeding else wait)
        try:
            self._settle()
            if self._feed and not landed and self._feed.go_on() is None:
                self._feed = None
        except OutboxBusy as error:
            self._wait_for_outbox(error)

    def _collect(self, wait: timedelta) -> bool:
        """Wait for results, and a little for more if they can wait; tell whether any came."""
        landed = self._workers.collect(wait)
        self._landing.take(landed)
        while not self._feed and (patience := self._landing.patience(self._is_supplied)):
            self._landing.take(self._workers.collect(patience))
        return bool(landed)

    def _wait_for_outbox(self, error: OutboxBusy) -> datetime:
        self._busy = error
        self._outage.note(error)
        return self._clock.now() + POLL

    def _serve(self, route: Route, *, flush: bool) -> datetime | None:
        """Claim and submit what one connection may send now; tell when to look again."""
        now = self._clock.now()
        state = self._states.state(route.connection)
        flow = state.flow(now)
        self._note_flow(route, flow)
        if flow is not Flow.CLOSED and self._enqueue(route):
            return now
        if flow is Flow.PAUSED or self._is_supplied(route.connection):
            return None  # a result brings us back
        backlog = self._outbox.backlog(route.connection, route.batching)
        reason = due(backlog, route.batching, now=now, flush=flush)
        look = now if reason else next_look(backlog, route.batching)
        if flow is Flow.OPEN:
            return look and max(look, state.open_until or now)
        room = self._room(route, flow, backlog)
        if reason or (flow is Flow.CLOSED and room > 0 and self._feed):
            room = min(room, self._quota_left(route, now))
            sent = room > 0 and reason and self._send(route, reason, room)
            if sent or (not reason and self._enqueue(route, room if flush else 0)):
                return now
            look = now + POLL if reason else look
        if backlog.in_flight > self._air.count(route.connection):
            return min(look or now + POLL, now + POLL)
        return look

    def _note_flow(self, route: Route, flow: Flow) -> None:
        """Let what waits for a worker go on only while the connection does."""
        if flow in {Flow.CLOSED, Flow.PROBING}:
            self._halted.discard(route.connection)
        else:
            self._halted.add(route.connection)

    def _is_supplied(self, name: ConnectionName) -> bool:
        """Tell whether enough waits for the workers: many claims at once cost little more."""
        route = self._routes[name]
        enough = route.max_in_flight + route.ahead // 2
        return route.ahead > 0 and self._air.count(name) - self._landing.count(name) > enough

    def _room(self, route: Route, flow: Flow, backlog: Backlog) -> int:
        """Tell how many batches may be claimed; only who is alone there claims ahead."""
        in_air = self._air.count(route.connection)
        most = route.max_claimed if backlog.in_flight <= in_air else route.max_in_flight
        return (1 if flow is Flow.PROBING else most) - max(in_air, backlog.in_flight)

    def _quota_left(self, route: Route, now: datetime) -> int:
        """Tell how many more calls the platform takes today; without any, hold until tomorrow."""
        quota = route.quota
        if quota is None:
            return route.max_claimed
        used = self._bookkeeping.calls(quota.shared_by, quota.day_began(now))
        in_air = sum(map(self._air.count, quota.shared_by))
        if used + in_air < quota.calls:
            return quota.calls - used - in_air
        if not in_air:
            reason = f"the {quota.calls:,} calls of this day are used up"
            until = quota.day_ends(now)
            self._states.change(
                route.connection,
                lambda state: held_until(state, until, reason, now=now, hold=Hold.QUOTA),
            )
            self._observer.notify(
                ConnectionHeld(connection=route.connection, until=until, reason=reason)
            )
        return 0

    def _enqueue(self, route: Route, room: int = 0) -> bool:
        """Enqueue a part of its feed, and claim it if there is room; tell whether any was left."""
        if self._feed is None or self._feed.connection != route.connection:
            return False
        no_call_after = self._clock.uptime() + route.usable_lease
        claiming = Claiming(policy=route.batching, batches=room, lease=route.lease)
        batches = self._feed.go_on(claiming if room > 0 else None)
        if batches is None:
            self._feed = None
            return False
        self._submit(route, batches, no_call_after)
        return True

    def _send(self, route: Route, reason: DueReason, room: int) -> bool:
        no_call_after = self._clock.uptime() + route.usable_lease
        batches = self._outbox.claim(
            route.connection,
            route.batching,
            batches=room,
            partial=reason in {DueReason.AGE, DueReason.FLUSH},
            lease=route.lease,
        )
        self._outage.end()
        fresh = [batch for batch in batches if not self._air.renews(batch)]
        self._submit(route, fresh, no_call_after)
        return bool(fresh)

    def _submit(self, route: Route, batches: Sequence[Batch], no_call_after: timedelta) -> None:
        for batch in batches:
            self._air.add(batch)
            self._workers.submit(route.connection, self._task(route, batch, no_call_after))

    def _task(self, route: Route, batch: Batch, no_call_after: timedelta) -> Callable[[], Delivery]:
        clock, halted = self._clock, self._halted

        def may_send() -> bool:
            """Tell whether a call may begin; what is in doubt is looked into even in a hold."""
            may = batch.recovered or route.connection not in halted
            return may and clock.uptime() < no_call_after

        def deliver() -> Delivery:
            began_at = clock.now()
            course = attempt(route.sink, batch, ambiguity=route.ambiguity, may_send=may_send)
            return Delivery(batch=batch, attempt=course, began_at=began_at, ended_at=clock.now())

        return deliver

    def _settle(self) -> None:
        for delivery in self._landing.settle(self._air):
            self._air.drop(delivery.batch)
            self._outage.end()
        self._landing.note_states()

"""Landings: what comes back from the workers is judged, settled and told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from petiole.core.delivery import telling
from petiole.core.delivery.air import Air
from petiole.core.delivery.attempt import Answered, Attempt
from petiole.core.delivery.route import Route
from petiole.core.delivery.verdicts import Judgement, judge
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import Event, LeaseExpired
from petiole.core.domain.message import Batch
from petiole.core.domain.settlement import Settlement
from petiole.core.ports.chance import Chance
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.observer import Observer
from petiole.core.ports.outbox import Outbox

GATHERING = timedelta(milliseconds=20)
"""For how long answers of slow calls gather: settled together, each costs half as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A finished attempt, on its way back from a worker."""

    batch: Batch
    attempt: Attempt
    began_at: datetime
    ended_at: datetime

    @property
    def may_wait(self) -> bool:
        """Whether all was answered, and took so long that some more time makes no odds.

        Changes that are sent one by one are not to wait: some cannot be sent again unnoticed.
        """
        took = self.ended_at - self.began_at
        answered = all(isinstance(piece, Answered) for piece in self.attempt.pieces)
        return answered and took > GATHERING and len(self.batch.messages) > 1


class Landing:
    """Settles deliveries, several in one transaction, and keeps them until that is done."""

    def __init__(
        self,
        routes: Mapping[ConnectionName, Route],
        *,
        outbox: Outbox,
        states: ConnectionStates,
        clock: Clock,
        chance: Chance,
        observer: Observer,
    ) -> None:
        self._routes = routes
        self._outbox = outbox
        self._states = states
        self._clock = clock
        self._chance = chance
        self._observer = observer
        self._waiting: list[Delivery] = []
        self._unnoted: list[tuple[ConnectionName, Judgement, datetime]] = []

    @property
    def is_clear(self) -> bool:
        """Whether everything that came back has been recorded."""
        return not self._waiting and not self._unnoted

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Keep what came back until it is settled."""
        self._waiting += deliveries

    def count(self, connection: ConnectionName) -> int:
        """Tell how many deliveries of a connection wait to be settled."""
        return sum(one.batch.connection == connection for one in self._waiting)

    def patience(self, is_supplied: Callable[[ConnectionName], bool]) -> timedelta:
        """Tell for how long what waits may wait for more, while the workers have enough to do."""
        names = {one.batch.connection for one in self._waiting}
        if not names or not all(one.may_wait for one in self._waiting):
            return timedelta()
        waited = self._clock.now() - self._waiting[0].ended_at
        may_wait = timedelta() <= waited < GATHERING and all(map(is_supplied, names))
        return GATHERING - waited if may_wait else timedelta()

    def settle(self, air: Air) -> Sequence[Delivery]:
        """Record what came back; tell what was settled.

        What it means for the connections is left to `note_states`. Of two claims of one batch the
        later one is left for the next time.

        Raises:
            OutboxBusy: nothing was recorded; it is kept for the next time.
        """
        if not self._waiting:
            return ()
        now = self._clock.now()
        first = {delivery.batch.id: delivery for delivery in reversed(self._waiting)}
        landed = [one for one in self._waiting if first[one.batch.id] is one]
        judged = [(delivery, self._judge(delivery, now)) for delivery in landed]
        lost = self._outbox.settle(
            [
                _settlement(delivery, judgement, air.epoch(delivery.batch))
                for delivery, judgement in judged
            ]
        )
        self._waiting = [one for one in self._waiting if first[one.batch.id] is not one]
        for delivery, judgement in judged:
            batch = delivery.batch
            if delivery.attempt.calls:
                self._unnoted.append((batch.connection, judgement, now))
            if batch.id in lost:
                self._tell([LeaseExpired(connection=batch.connection, batch=batch.id)])
            else:
                self._tell(telling.settled(batch, delivery.attempt, judgement))
        return landed

    def note_states(self) -> None:
        """Record what the settled deliveries mean for their connections.

        Raises:
            OutboxBusy: what is left is kept for the next time.
        """
        while self._unnoted:
            connection, judgement, now = self._unnoted[0]
            self._note_state(connection, judgement, now)
            del self._unnoted[0]
            if not judgement.errors:  # of successes in a row, one says it all
                while self._unnoted and self._says_the_same(connection):
                    del self._unnoted[0]

    def _judge(self, delivery: Delivery, now: datetime) -> Judgement:
        route = self._routes[delivery.batch.connection]
        return judge(
            delivery.attempt,
            retry=route.retry,
            ambiguity=route.ambiguity,
            hold_dead=route.hold_dead,
            now=now,
            fraction=self._chance.fraction(),
        )

    def _note_state(self, connection: ConnectionName, judgement: Judgement, now: datetime) -> None:
        route = self._routes[connection]
        fraction = self._chance.fraction()

        def next_state(state: ConnectionState) -> ConnectionState:
            return judgement.next_state(
                state, breaker=route.breaker, retry=route.retry, now=now, fraction=fraction
            )

        before = self._states.state(connection)
        if next_state(before) != before:
            after = self._states.change(connection, next_state)
            self._tell(telling.changed(connection, before, after))

    def _says_the_same(self, connection: ConnectionName) -> bool:
        other, judgement, _ = self._unnoted[0]
        return other == connection and not judgement.errors

    def _tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self._observer.notify(event)


def _settlement(delivery: Delivery, judgement: Judgement, epoch: int) -> Settlement:
    return Settlement(
        delivery.batch.id,
        epoch,
        judgement.verdicts,
        AttemptRecord(
            began_at=delivery.began_at,
            ended_at=delivery.ended_at,
            calls=delivery.attempt.calls,
            trouble=judgement.error,
            exchanges=delivery.attempt.exchanges,
        ),
    )

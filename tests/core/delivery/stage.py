"""A relay on a stage: stores in memory, virtual time, sinks that a test scripts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from petiole.adapters.memory import (
    FrozenClock,
    InlineWorkers,
    MemoryState,
    MemoryStore,
    RecordingObserver,
)
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import POLL, Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.breaker import (
    ConnectionState,
    PauseReason,
    held_until,
    paused,
    resumed,
)
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterSelection,
)
from petiole.core.domain.message import Message, MessageState
from petiole.core.domain.report import DeliveryReport
from petiole.core.domain.tally import Tally
from petiole.core.ports.chance import Chance
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from petiole.core.ports.workers import Workers
from tests.core.profiles import change, scope

NEWSLETTER = ConnectionName("newsletter")


class EvenChance:
    """Draws one half for ever, so that every backoff is half of its span."""

    def fraction(self) -> float:
        """Draw."""
        return 0.5


@dataclass
class TimedSink:
    """Notes when each call came, and how many messages it brought."""

    sink: ProfileSink
    clock: FrozenClock
    calls: list[tuple[datetime, int]] = field(default_factory=list)

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Pass on."""
        self.calls.append((self.clock.now(), len(messages)))
        return self.sink.deliver(messages)


@dataclass
class SlowWorkers:
    """Tasks begin at once, and their results come back after a time of each connection's own.

    `waits` holds the time that each idle call of `collect` was willing to wait.
    """

    clock: FrozenClock
    takes: Mapping[str, timedelta] = field(default_factory=dict)
    waits: list[timedelta] = field(default_factory=list)
    submitted: int = 0
    busiest: int = 0
    woken: bool = False
    _results: list[tuple[timedelta, int, Delivery]] = field(default_factory=list)

    def submit(self, connection: str, task: Callable[[], Delivery]) -> None:
        """Begin."""
        self.submitted += 1
        ready_at = self.clock.uptime() + self.takes.get(connection, timedelta())
        self._results.append((ready_at, self.submitted, task()))
        self.busiest = max(self.busiest, len(self._results))

    def collect(self, timeout: timedelta) -> Sequence[Delivery]:
        """Hand over what is ready; else let time pass until something is, or until `timeout`."""
        self._results.sort(key=lambda result: result[:2])
        first = self._results[0][0] if self._results else None
        now = self.clock.uptime()
        if self.woken:
            self.woken = False
        elif first is None or first > now + timeout:
            self.waits.append(timeout)
            self.clock.advance(timeout)
        else:
            self.clock.advance(max(first - now, timedelta()))
        ready = [result for at, _, result in self._results if at <= self.clock.uptime()]
        del self._results[: len(ready)]
        return ready

    def wake(self) -> None:
        """Let the next collecting pass no time."""
        self.woken = True


@dataclass
class Stage:
    """One runner; `restarted` is the next one on the same durable state."""

    clock: FrozenClock = field(default_factory=FrozenClock)
    state: MemoryState = field(default_factory=MemoryState)
    observer: RecordingObserver = field(default_factory=RecordingObserver)
    chance: Chance = field(default_factory=EvenChance)
    workers: Workers[Delivery] | None = None
    outbox: Outbox | None = None
    routes: dict[ConnectionName, Route] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock, state=self.state)
        self.workers = self.workers or InlineWorkers(self.clock)

    def serve(self, sink: ProfileSink, connection: str = NEWSLETTER) -> TimedSink:
        """Connect a sink under the default policies."""
        timed = TimedSink(sink, self.clock)
        name = ConnectionName(connection)
        self.routes[name] = Route(connection=name, sink=timed)
        return timed

    def set(self, connection: str = NEWSLETTER, **policies: object) -> None:
        """Change the policies of a connection."""
        name = ConnectionName(connection)
        self.routes[name] = replace(self.routes[name], **policies)  # type: ignore[arg-type]

    def relay(self) -> Relay:
        """Wire a relay."""
        assert self.workers is not None
        return Relay(
            list(self.routes.values()),
            outbox=self.outbox or self.store.outbox,
            states=self.store.states,
            bookkeeping=self.store.bookkeeping,
            workers=self.workers,
            clock=self.clock,
            chance=self.chance,
            observer=self.observer,
        )

    def enqueue(self, numbers: Iterable[int], connection: str = NEWSLETTER) -> None:
        """Enqueue the add of each customer, on an account of the connection's own."""
        self.enqueue_changes(
            change(number, within=scope(connection, account=connection)) for number in numbers
        )

    def enqueue_changes(self, changes: Iterable[ProfileChange]) -> None:
        """Enqueue without folding."""
        self.store.outbox.enqueue(list(changes), folding=False)

    def run_for(self, span: timedelta, *, poll: timedelta = POLL) -> None:
        """Run until that much time has passed."""
        end = self.clock.uptime() + span
        self.relay().run(until=lambda: self.clock.uptime() >= end, poll=poll)

    def drain(self, *, flush: bool = False, patience: timedelta = timedelta()) -> None:
        """Drain once."""
        self.relay().drain(flush=flush, patience=patience)

    def restarted(self) -> "Stage":
        """End this runner and begin another."""
        self.store.close()
        return replace(self, workers=None)

    def tally(self, connection: str = NEWSLETTER) -> Tally:
        """Tell the sums."""
        return self.store.bookkeeping.tally(ConnectionName(connection))

    def flow(self, connection: str = NEWSLETTER) -> ConnectionState:
        """Tell the state of a connection."""
        return self.store.states.state(ConnectionName(connection))

    def pause(self, connection: str = NEWSLETTER) -> ConnectionState:
        """Pause as an operator does."""
        now = self.clock.now()
        return self.change(
            lambda state: paused(state, PauseReason.OPERATOR, "maintenance", now=now, by="Noor"),
            connection,
        )

    def resume(self, connection: str = NEWSLETTER) -> ConnectionState:
        """Resume as an operator does."""
        now = self.clock.now()
        return self.change(lambda state: resumed(state, now=now), connection)

    def hold(self, until: datetime, connection: str = NEWSLETTER) -> ConnectionState:
        """Hold as a platform does that asks for time."""
        now = self.clock.now()
        return self.change(lambda state: held_until(state, until, "slow down", now=now), connection)

    def change(
        self,
        transition: Callable[[ConnectionState], ConnectionState],
        connection: str = NEWSLETTER,
    ) -> ConnectionState:
        """Change the state of a connection."""
        return self.store.states.change(ConnectionName(connection), transition, by="Noor")

    def letters(self, state: MessageState = MessageState.DEAD) -> Sequence[DeadLetter]:
        """List dead letters, or parked ones."""
        return self.store.dead_letters.letters(LetterSelection(state=state), limit=99)

    def decide(self, decision: Decision, state: MessageState = MessageState.DEAD) -> Decided:
        """Decide about all dead letters, or all parked ones."""
        selection = LetterSelection(state=state)
        return self.store.dead_letters.decide(selection, decision, by="Noor")

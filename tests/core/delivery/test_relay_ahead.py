"""What the relay does with batches that it claims ahead, for workers that are busy yet."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from petiole.adapters.memory import FrozenClock, MemorySink
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import Relay
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import MessageState
from petiole.core.errors import Throttled
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage, TimedSink
from tests.core.profiles import MINUTE, NOON, SECOND

DELIVERED, IN_FLIGHT, PENDING = (
    MessageState.DELIVERED,
    MessageState.IN_FLIGHT,
    MessageState.PENDING,
)
TENS = BatchPolicy(max_profiles=10)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


def pause(stage: Stage) -> None:
    stage.pause()


def hold(stage: Stage) -> None:
    stage.hold(NOON + 60 * MINUTE)


def claim_elsewhere(stage: Stage) -> None:
    """Have another runner claim what waits."""
    heir = Stage(clock=stage.clock, state=stage.state)
    heir.store.outbox.claim(NEWSLETTER, TENS, batches=1, partial=True, lease=60 * MINUTE)


def ten_batches(stage: Stage) -> None:
    """Set up ten batches of which two may be in flight, and three stand ready."""
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: MINUTE})
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2, ahead=3)
    stage.enqueue(range(100))


def test_more_than_may_be_in_flight_is_claimed_by_who_is_alone(stage: Stage) -> None:
    ten_batches(stage)

    stage.relay().turn()

    assert stage.tally()[IN_FLIGHT] == 50


def test_nobody_claims_ahead_beside_others(stage: Stage) -> None:
    ten_batches(stage)
    claim_elsewhere(stage)

    stage.relay().turn()

    assert stage.tally()[IN_FLIGHT] == 20


def test_probing_claims_nothing_ahead(stage: Stage) -> None:
    ten_batches(stage)
    stage.hold(NOON + SECOND)
    stage.clock.advance(SECOND)

    stage.relay().turn()

    assert stage.tally()[IN_FLIGHT] == 10


@dataclass
class LateWorkers:
    """Takes up so many tasks whenever results are asked for; the others wait."""

    clock: FrozenClock
    width: int = 2
    _queue: list[Callable[[], Delivery]] = field(default_factory=list)

    def submit(self, connection: str, task: Callable[[], Delivery]) -> None:
        """Line up."""
        self._queue.append(task)

    def collect(self, timeout: timedelta) -> Sequence[Delivery]:
        """Do the first ones; with nothing to do, let time pass."""
        self.clock.advance(SECOND if self._queue else timeout)
        begun, self._queue = self._queue[: self.width], self._queue[self.width :]
        return [task() for task in begun]

    def wake(self) -> None:
        """Nobody waits here."""


def begun(stage: Stage) -> tuple[Relay, TimedSink]:
    """Claim six batches, and send two of them."""
    stage.workers = LateWorkers(stage.clock)
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2, ahead=4)
    stage.enqueue(range(60))
    relay = stage.relay()
    relay.turn()
    return relay, sink


@pytest.mark.parametrize("stop", [pause, hold])
def test_what_is_claimed_ahead_is_not_sent_once_the_connection_stops(
    stage: Stage, stop: Callable[[Stage], None]
) -> None:
    relay, sink = begun(stage)
    assert (len(sink.calls), stage.tally()[IN_FLIGHT]) == (2, 40)

    stop(stage)
    relay.drain(flush=True, patience=timedelta())

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 20, PENDING: 40}
    unsent = [row for row in stage.state.rows.values() if row.state is PENDING]
    assert {row.attempts for row in unsent} == {0}


def test_what_came_back_unsent_is_sent_once_the_connection_goes_on(stage: Stage) -> None:
    relay, sink = begun(stage)
    stage.pause()
    relay.drain(flush=True, patience=timedelta())

    stage.resume()
    relay.drain(flush=True, patience=timedelta())

    assert stage.tally().states == {DELIVERED: 60}
    assert sum(size for _, size in sink.calls) == 60
    assert {row.attempts for row in stage.state.rows.values()} == {1}


def test_platform_that_asks_for_time_gets_no_more_of_what_was_claimed_ahead(stage: Stage) -> None:
    stage.workers = LateWorkers(stage.clock, width=1)
    slow = fail_with(Throttled("slow down", retry_after=60 * MINUTE))
    sink = stage.serve(ScriptedSink(in_turn(accept, slow, accept)))
    stage.set(batching=TENS, max_in_flight=1, ahead=4)
    stage.enqueue(range(50))

    stage.drain(flush=True)

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 10, PENDING: 40}


def test_other_connections_go_on_meanwhile(stage: Stage) -> None:
    stage.workers = LateWorkers(stage.clock)
    stage.serve(MemorySink())
    other = stage.serve(MemorySink(), "welcome")
    for name in (NEWSLETTER, ConnectionName("welcome")):
        stage.set(name, batching=TENS, max_in_flight=2, ahead=4)
        stage.enqueue(range(60), name)
    relay = stage.relay()
    relay.turn()
    stage.pause()

    relay.drain(flush=True, patience=timedelta())

    assert sum(size for _, size in other.calls) == 60
    assert stage.tally()[PENDING] == 40


def test_workers_are_supplied_by_few_claims_of_many_batches(stage: Stage) -> None:
    stage.workers = LateWorkers(stage.clock, width=1)
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2, ahead=4)
    stage.enqueue(range(200))
    relay = stage.relay()
    claimed: list[int] = []

    for _ in range(4):
        relay.turn()
        claimed.append(stage.tally()[IN_FLIGHT])

    assert claimed == [50, 40, 50, 40]


def test_what_is_claimed_ahead_is_not_sent_once_the_run_is_to_end(stage: Stage) -> None:
    relay, sink = begun(stage)

    relay.land()

    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 20, PENDING: 40}


def test_what_came_back_unsent_is_sent_by_the_next_run(stage: Stage) -> None:
    relay, sink = begun(stage)
    relay.land()

    relay.drain(flush=True, patience=timedelta())

    assert stage.tally().states == {DELIVERED: 60}
    assert sum(size for _, size in sink.calls) == 60

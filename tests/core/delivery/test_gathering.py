"""Answers of slow calls gather, to be settled together; all others are settled at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.core.delivery.landing import GATHERING, Delivery
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.message import BatchId, MessageState
from petiole.core.domain.settlement import Settlement
from petiole.core.errors import Ambiguous, Throttled, Transient
from tests.core.delivery.busy_outbox import BusyOutbox
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import Stage
from tests.core.profiles import MINUTE

TENS = BatchPolicy(max_profiles=10)
BETWEEN = timedelta(milliseconds=2)
"""Of one answer and the next."""
SLOW, QUICK = 3 * GATHERING, GATHERING / 2
BATCHES = 60

Settled: TypeAlias = list[int]
"""How many batches were settled at a time."""


@dataclass
class SteadyWorkers:
    """Gives one result after the other, each of a call that took so long."""

    clock: FrozenClock
    takes: timedelta
    between: timedelta = BETWEEN
    given: list[timedelta] = field(default_factory=list)
    _tasks: list[Callable[[], Delivery]] = field(default_factory=list)

    def submit(self, connection: str, task: Callable[[], Delivery]) -> None:
        """Line up."""
        self._tasks.append(task)

    def collect(self, timeout: timedelta) -> Sequence[Delivery]:
        """Do the first one, if it ends in time."""
        self.clock.advance(min(timeout, self.between) if self._tasks else timeout)
        if not self._tasks or timeout < self.between:
            return []
        self.given.append(self.clock.uptime())
        delivery = self._tasks.pop(0)()
        return [replace(delivery, began_at=delivery.ended_at - self.takes)]

    def wake(self) -> None:
        """Nobody waits here."""


@dataclass
class CountingOutbox(BusyOutbox):
    """Notes how many batches are settled at a time."""

    settled: Settled = field(default_factory=list)

    def settle(self, settlements: Sequence[Settlement]) -> set[BatchId]:
        """Count, and pass on."""
        self.settled.append(len(settlements))
        return {*super().settle(settlements)}


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


def drained(stage: Stage, *, takes: timedelta, ahead: int, sink: ScriptedSink) -> Settled:
    """Drain sixty batches, two calls at a time."""
    outbox = stage.outbox = CountingOutbox(stage.store.outbox)
    stage.workers = SteadyWorkers(stage.clock, takes)
    stage.serve(sink)
    stage.set(batching=TENS, max_in_flight=2, ahead=ahead)
    stage.enqueue(range(10 * BATCHES))
    stage.drain(flush=True, patience=MINUTE)
    return outbox.settled


def test_slow_answers_are_settled_together_after_a_while(stage: Stage) -> None:
    settled = drained(stage, takes=SLOW, ahead=40, sink=ScriptedSink())

    assert settled[0] == GATHERING // BETWEEN + 1
    assert sum(settled) == BATCHES
    assert stage.tally().states == {MessageState.DELIVERED: 10 * BATCHES}


def test_they_are_settled_sooner_where_the_workers_want_more(stage: Stage) -> None:
    settled = drained(stage, takes=SLOW, ahead=10, sink=ScriptedSink())

    assert settled[0] == 5
    assert sum(settled) == BATCHES


@pytest.mark.parametrize(("takes", "ahead"), [(QUICK, 40), (SLOW, 0)])
def test_quick_answers_and_those_of_a_connection_without_supply_are_settled_at_once(
    stage: Stage, takes: timedelta, ahead: int
) -> None:
    settled = drained(stage, takes=takes, ahead=ahead, sink=ScriptedSink())

    assert settled == [1] * BATCHES


@pytest.mark.parametrize(
    "error",
    [Throttled("slow down", retry_after=MINUTE / 2), Transient("overloaded"), Ambiguous("silence")],
)
def test_trouble_is_settled_at_once_with_what_had_gathered(stage: Stage, error: Exception) -> None:
    script = in_turn(accept, accept, fail_with(error), accept)

    settled = drained(stage, takes=SLOW, ahead=40, sink=ScriptedSink(script))

    assert settled[0] == 3


def test_single_changes_are_settled_at_once(stage: Stage) -> None:
    outbox = stage.outbox = CountingOutbox(stage.store.outbox)
    stage.workers = SteadyWorkers(stage.clock, SLOW)
    stage.serve(ScriptedSink())
    stage.set(batching=BatchPolicy(max_profiles=1), max_in_flight=2, ahead=40)
    stage.enqueue(range(20))

    stage.drain(flush=True, patience=MINUTE)

    assert outbox.settled == [1] * 20


def test_no_answer_waits_longer_than_the_while(stage: Stage) -> None:
    outbox = stage.outbox = CountingOutbox(stage.store.outbox)
    workers = stage.workers = SteadyWorkers(stage.clock, SLOW, between=GATHERING * 0.7)
    stage.serve(ScriptedSink())
    stage.set(batching=TENS, max_in_flight=2, ahead=40)
    stage.enqueue(range(10 * BATCHES))
    relay = stage.relay()
    while not outbox.settled:
        relay.turn()

    assert stage.clock.uptime() - workers.given[0] == GATHERING

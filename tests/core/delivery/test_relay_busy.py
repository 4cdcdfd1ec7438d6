"""What the relay does while the outbox cannot be used."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.delivery.outage import REMINDER
from petiole.core.delivery.relay import LANDING_PATIENCE, POLL
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.events import MessagesDelivered, OutboxAvailable, OutboxUnavailable
from petiole.core.domain.message import MessageState
from petiole.core.errors import OutboxBusy
from tests.core.delivery.busy_outbox import EVERYTHING, BusyOutbox
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND

DELIVERED, IN_FLIGHT, PENDING = (
    MessageState.DELIVERED,
    MessageState.IN_FLIGHT,
    MessageState.PENDING,
)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


@pytest.fixture
def outbox(stage: Stage) -> BusyOutbox:
    outbox = BusyOutbox(stage.store.outbox)
    stage.outbox = outbox
    return outbox


def busy_for(stage: Stage, outbox: BusyOutbox, span: timedelta) -> Callable[[], bool]:
    """Free the outbox after a while; says "go on" for as long as a relay asks."""
    ends_at = stage.clock.uptime() + span

    def go_on() -> bool:
        if stage.clock.uptime() >= ends_at:
            outbox.busy = ()
        return False

    return go_on


@pytest.mark.parametrize("call", sorted(EVERYTHING - {"enqueue"}))
def test_relay_survives_a_busy_outbox_and_goes_on(
    stage: Stage, outbox: BusyOutbox, call: str
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(250))
    outbox.busy = {call}
    go_on = busy_for(stage, outbox, 30 * SECOND)
    ends_at = stage.clock.uptime() + MINUTE

    stage.relay().run(until=lambda: go_on() or stage.clock.uptime() >= ends_at)

    assert outbox.refused > 1
    assert [size for _, size in sink.calls] == [100, 100]
    assert stage.tally().states == {DELIVERED: 200, PENDING: 50}


def test_what_could_not_be_settled_is_settled_later_and_sent_once(
    stage: Stage, outbox: BusyOutbox
) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    sink = stage.serve(MemorySink())
    stage.set(batching=BatchPolicy(max_profiles=10), max_in_flight=3)
    stage.enqueue(range(60))
    outbox.busy = {"settle"}
    go_on = busy_for(stage, outbox, 20 * SECOND)

    stage.relay().drain(flush=True, patience=MINUTE, until=go_on)

    assert len(sink.calls) == 6
    assert stage.tally().states == {DELIVERED: 60}
    assert sum(len(told.messages) for told in stage.observer.of(MessagesDelivered)) == 60


def test_nothing_is_told_before_it_is_settled(stage: Stage, outbox: BusyOutbox) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(100))
    outbox.busy = {"settle"}
    relay = stage.relay()

    relay.turn()
    before = list(stage.observer.of(MessagesDelivered))
    outbox.busy = ()
    relay.turn()

    assert before == []
    assert len(stage.observer.of(MessagesDelivered)) == 1


def test_trouble_is_told_once_and_not_at_every_look(stage: Stage, outbox: BusyOutbox) -> None:
    stage.serve(MemorySink())
    outbox.busy = EVERYTHING

    stage.run_for(10 * POLL)

    (told,) = stage.observer.of(OutboxUnavailable)
    assert told.reason == "another program uses the database; close it"
    assert outbox.refused == 10


def test_trouble_with_settling_alone_is_told_once(stage: Stage, outbox: BusyOutbox) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(100))
    outbox.busy = {"settle"}
    relay = stage.relay()

    for _ in range(10):
        relay.turn()

    assert len(stage.observer.of(OutboxUnavailable)) == 1
    assert outbox.refused > 1


def test_trouble_that_comes_and_goes_is_told_now_and_then(stage: Stage, outbox: BusyOutbox) -> None:
    stage.serve(MemorySink())
    relay = stage.relay()

    for _ in range(100):
        outbox.busy = EVERYTHING
        relay.turn()
        outbox.busy = ()
        relay.turn()
        stage.clock.advance(REMINDER / 100)

    assert stage.clock.now() < NOON + 2 * REMINDER
    assert len(stage.observer.of(OutboxUnavailable)) == 2


def test_end_of_the_trouble_is_told_once_something_was_written(
    stage: Stage, outbox: BusyOutbox
) -> None:
    stage.serve(MemorySink())
    relay = stage.relay()
    outbox.busy = EVERYTHING
    relay.turn()
    outbox.busy = ()
    relay.turn()
    before = stage.observer.of(OutboxAvailable)
    stage.enqueue(range(100))

    relay.turn()
    relay.land()

    assert before == []
    assert len(stage.observer.of(OutboxAvailable)) == 1


def test_drain_gives_up_after_its_patience(stage: Stage, outbox: BusyOutbox) -> None:
    stage.serve(MemorySink())
    stage.enqueue(range(5))
    outbox.busy = EVERYTHING
    began = stage.clock.uptime()

    with pytest.raises(OutboxBusy):
        stage.drain(flush=True, patience=10 * SECOND)

    assert 9 * SECOND <= stage.clock.uptime() - began <= 11 * SECOND
    assert stage.tally().states == {PENDING: 5}


def test_landing_gives_up_in_the_end_and_the_next_runner_sends_again(
    stage: Stage, outbox: BusyOutbox
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(5))
    outbox.busy = {"settle"}
    began = stage.clock.uptime()

    with pytest.raises(OutboxBusy):
        stage.relay().drain(flush=True, patience=MINUTE, until=lambda: bool(sink.calls))

    waited = stage.clock.uptime() - began
    assert LANDING_PATIENCE < waited <= LANDING_PATIENCE + 2 * POLL
    assert stage.tally().states == {IN_FLIGHT: 5}
    stage.outbox = None
    heir = stage.restarted()
    heir.drain()
    assert heir.tally().states == {DELIVERED: 5}
    assert len(sink.calls) == 2


def test_landing_waits_for_an_outbox_that_is_busy_for_a_while(
    stage: Stage, outbox: BusyOutbox
) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))
    relay = stage.relay()
    relay.turn()
    outbox.busy = {"settle"}
    collect = stage.workers.collect

    def free_in_time(timeout: timedelta) -> object:
        if stage.clock.uptime() > 20 * SECOND:
            outbox.busy = ()
        return collect(timeout)

    stage.workers.collect = free_in_time  # type: ignore[method-assign,assignment]
    relay.land()

    assert len(sink.calls) == 1
    assert stage.tally().states == {DELIVERED: 100}

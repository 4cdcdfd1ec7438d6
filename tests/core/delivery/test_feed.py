"""What the relay does with changes that are enqueued while it delivers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.delivery.feed import Feed
from petiole.core.domain.batching import BatchPolicy, Claiming
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.message import MessageState
from petiole.core.domain.quota import DailyQuota
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import InvalidCredentials, OutboxBusy, Throttled, Unavailable
from petiole.core.ports.ledger import Entered, Entering
from petiole.core.ports.snapshot import SnapshotProfile
from tests.core.delivery.busy_outbox import BusyOutbox
from tests.core.delivery.scripted_sink import ScriptedSink, accept, fail_with, in_turn
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND, person, scope

DELIVERED, IN_FLIGHT, PENDING = (
    MessageState.DELIVERED,
    MessageState.IN_FLIGHT,
    MessageState.PENDING,
)
TENS = BatchPolicy(max_profiles=10)
PARTS_OF = 30
"""Changes in a part, where nobody claims."""


@dataclass
class Parts:
    """Enters by parts, and claims what a part brought where that is all that waits.

    So does the store on disk; the one in memory claims nothing. `busy` parts are refused before
    any is taken, and `asked` holds what was asked for.
    """

    stage: Stage
    entering: Entering
    busy: int = 0
    asked: list[Claiming | None] = field(default_factory=list)

    def part(self, claiming: Claiming | None = None) -> Entered | None:
        """Pass on."""
        self.asked.append(claiming)
        if self.busy:
            self.busy -= 1
            raise OutboxBusy("another program uses the database; close it")
        size = BatchPolicy(max_profiles=PARTS_OF)
        asked = claiming or Claiming(policy=size, batches=1, lease=MINUTE)
        entered = self.entering.part(asked)
        if entered is None or claiming is None:
            return entered
        batches = self.stage.store.outbox.claim(
            NEWSLETTER,
            claiming.policy,
            batches=claiming.batches,
            partial=True,
            lease=claiming.lease,
        )
        return Entered(receipt=entered.receipt, batches=batches)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


@contextmanager
def entering(stage: Stage, last: int) -> Iterator[Parts]:
    """Have the customers from 1 to `last` enter."""
    fields: Mapping[str, JsonValue] = {"firstname": "Sanne"}
    profiles = (SnapshotProfile(n, person(n), Fields.of(fields)) for n in range(1, last + 1))
    with stage.store.ledger.compare(
        scope(account=NEWSLETTER), profiles, mirror=False
    ) as comparison:
        yield Parts(stage, comparison.entering(NOON, folding=True, removing=True))


def drain(
    stage: Stage,
    parts: Entering,
    *,
    flush: bool = True,
    patience: timedelta = timedelta(),
    until: Callable[[], bool] = lambda: False,
) -> EnqueueReceipt:
    """Relay with a feed, and tell what it enqueued."""
    feed = Feed(NEWSLETTER, parts)
    stage.relay().drain(flush=flush, patience=patience, until=until, feed=feed)
    return feed.receipt


@pytest.mark.parametrize("most", [1, 2, 8])
def test_everything_is_enqueued_and_delivered(stage: Stage, most: int) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=most)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts)

    assert receipt == EnqueueReceipt(enqueued=123)
    assert stage.tally().states == {DELIVERED: 123}
    assert sum(size for _, size in sink.calls) == 123
    assert all(size <= 10 for _, size in sink.calls)


def test_changes_that_are_not_claimed_as_they_enter_are_delivered_too(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.set(batching=TENS)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts.entering)

    assert receipt.enqueued == 123
    assert stage.tally().states == {DELIVERED: 123}


def test_what_waits_already_goes_first(stage: Stage) -> None:
    sink = ScriptedSink()
    stage.serve(sink)
    stage.set(batching=TENS, max_in_flight=1)
    stage.enqueue(range(1001, 1016))

    with entering(stage, 20) as parts:
        drain(stage, parts)

    assert [message for call in sink.calls for message in call] == list(range(1, 36))


def test_feed_does_not_wait_for_a_slow_platform(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2)
    calls: list[int] = []

    with entering(stage, 100) as parts:
        feed = Feed(NEWSLETTER, parts, on_part=lambda _: calls.append(len(sink.calls)))
        stage.relay().drain(flush=True, patience=timedelta(), feed=feed)

    assert max(calls) <= 2
    assert len(sink.calls) == 10
    assert stage.workers.busiest <= 2


def test_running_total_is_told_after_each_part(stage: Stage) -> None:
    told: list[EnqueueReceipt] = []

    with entering(stage, 70) as parts:
        receipt = Feed(NEWSLETTER, parts, on_part=told.append).finish()

    assert [total.enqueued for total in told] == [30, 60, 70]
    assert receipt == told[-1]


def test_finished_feed_has_nothing_more(stage: Stage) -> None:
    with entering(stage, 5) as parts:
        feed = Feed(NEWSLETTER, parts)
        feed.finish()

        assert feed.go_on() is None
        assert feed.finish() == EnqueueReceipt(enqueued=5)


def test_part_that_fails_is_not_counted(stage: Stage) -> None:
    with entering(stage, 5) as parts:
        parts.busy = 1
        feed = Feed(NEWSLETTER, parts)
        with pytest.raises(OutboxBusy):
            feed.go_on()
        before = feed.receipt

        assert before == EnqueueReceipt()
        assert feed.finish() == EnqueueReceipt(enqueued=5)


def pause(stage: Stage) -> None:
    stage.pause()


def hold(stage: Stage) -> None:
    stage.hold(NOON + 60 * MINUTE)


def use_up_the_quota(stage: Stage) -> None:
    quota = DailyQuota(calls=0, zone=ZoneInfo("Europe/Amsterdam"), shared_by=[NEWSLETTER])
    stage.set(quota=quota)


@pytest.mark.parametrize("stop", [pause, hold, use_up_the_quota])
def test_everything_is_enqueued_while_nothing_may_be_sent(
    stage: Stage, stop: Callable[[Stage], None]
) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS)
    stop(stage)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts)

    assert receipt.enqueued == 123
    assert sink.calls == []
    assert stage.tally().states == {PENDING: 123}
    assert {row.attempts for row in stage.state.rows.values()} == {0}


def test_quota_that_ends_in_between_stops_sending_and_not_enqueuing(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    quota = DailyQuota(calls=3, zone=ZoneInfo("Europe/Amsterdam"), shared_by=[NEWSLETTER])
    stage.set(batching=TENS, quota=quota, max_in_flight=2)

    with entering(stage, 123) as parts:
        drain(stage, parts)

    assert len(sink.calls) == 3
    assert stage.tally().states == {DELIVERED: 30, PENDING: 93}


@pytest.mark.parametrize(
    "trouble", [InvalidCredentials("no"), Throttled("slow down", retry_after=60 * MINUTE)]
)
def test_trouble_in_between_stops_sending_and_not_enqueuing(
    stage: Stage, trouble: Exception
) -> None:
    sink = stage.serve(ScriptedSink(in_turn(accept, fail_with(trouble))))
    stage.set(batching=TENS, max_in_flight=1)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts)

    assert receipt.enqueued == 123
    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 10, PENDING: 113}


def test_failing_platform_keeps_nothing_from_being_enqueued(stage: Stage) -> None:
    stage.serve(ScriptedSink(fail_with(Unavailable("down"))))
    stage.set(batching=TENS)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts)

    assert receipt.enqueued == 123
    assert stage.tally()[IN_FLIGHT] == 0
    assert stage.tally().waiting == 123


def test_probes_are_one_batch_at_a_time(stage: Stage) -> None:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    stage.workers = workers
    stage.serve(ScriptedSink(fail_with(Unavailable("down"))))
    stage.set(batching=TENS)
    stage.hold(NOON + SECOND)
    stage.clock.advance(MINUTE)

    with entering(stage, 50) as parts:
        drain(stage, parts)

    assert workers.busiest == 1
    assert stage.tally().enqueued == 50


def test_early_end_leaves_nothing_out(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=1)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts, until=lambda: len(sink.calls) >= 2)

    assert receipt.enqueued == 123
    assert len(sink.calls) == 2
    assert stage.tally().states == {DELIVERED: 20, PENDING: 103}


def test_end_before_the_beginning_enqueues_all(stage: Stage) -> None:
    stage.serve(MemorySink())

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts, until=lambda: True)

    assert receipt.enqueued == 123
    assert stage.tally().states == {PENDING: 123}


def test_feed_of_a_connection_that_is_not_served_is_enqueued(stage: Stage) -> None:
    sink = stage.serve(MemorySink(), "welcome")

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts)

    assert receipt.enqueued == 123
    assert sink.calls == []


@pytest.mark.parametrize("after", range(5))
def test_busy_outbox_loses_nothing(stage: Stage, after: int) -> None:
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2)

    with entering(stage, 123) as parts:
        feed = Feed(
            NEWSLETTER,
            parts,
            on_part=lambda _: setattr(parts, "busy", 3 if len(parts.asked) == after else 0),
        )
        if after == 0:
            parts.busy = 3
        stage.relay().drain(flush=True, patience=MINUTE, feed=feed)

    assert feed.receipt.enqueued == 123
    assert stage.tally().states == {DELIVERED: 123}


@pytest.mark.parametrize("call", ["backlog", "claim", "settle"])
def test_outbox_that_is_busy_for_a_while_loses_nothing(stage: Stage, call: str) -> None:
    outbox = BusyOutbox(stage.store.outbox, busy={call})
    stage.outbox = outbox
    stage.serve(MemorySink())
    stage.set(batching=TENS)

    def free() -> bool:
        if stage.clock.now() > NOON + 10 * SECOND:
            outbox.busy = ()
        return False

    with entering(stage, 123) as parts:
        stage.enqueue(range(1001, 1011))
        receipt = drain(stage, parts, patience=MINUTE, until=free)

    assert outbox.refused
    assert receipt.enqueued == 123
    assert stage.tally().states == {DELIVERED: 133}


def test_nothing_partial_is_sent_without_flush(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS)

    with entering(stage, 123) as parts:
        receipt = drain(stage, parts, flush=False)

    assert receipt.enqueued == 123
    assert {size for _, size in sink.calls} == {10}
    assert stage.tally().states == {DELIVERED: 120, PENDING: 3}
    assert {*parts.asked} == {None}


def test_nothing_is_claimed_before_what_waits_already(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    sink = stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2)

    with entering(stage, 60) as parts:
        stage.enqueue(range(1001, 1036))
        feed = Feed(NEWSLETTER, parts)
        stage.relay().drain(flush=True, patience=timedelta(), feed=feed)

    assert parts.asked[0] is None
    assert sink.calls[0][1] == 10
    assert stage.tally().states == {DELIVERED: 95}


def test_feed_is_claimed_as_it_enters_while_the_platform_keeps_up(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2)

    with entering(stage, 200) as parts:
        drain(stage, parts)

    *asked, at_the_end = parts.asked
    assert (None in asked, at_the_end) == (False, None)
    assert stage.tally().states == {DELIVERED: 200}


def test_feed_is_brought_in_while_the_platform_takes_its_time(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: MINUTE})
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2)
    waiting: list[int] = []

    with entering(stage, 200) as parts:
        feed = Feed(NEWSLETTER, parts, on_part=lambda _: waiting.append(stage.tally()[DELIVERED]))
        stage.relay().drain(flush=True, patience=timedelta(), feed=feed)

    assert set(waiting) == {0}
    assert stage.tally().states == {DELIVERED: 200}


def test_feed_is_claimed_ahead_too(stage: Stage) -> None:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    stage.workers = workers
    stage.serve(MemorySink())
    stage.set(batching=TENS, max_in_flight=2, ahead=3)

    with entering(stage, 200) as parts:
        drain(stage, parts)

    assert workers.busiest == 5
    assert stage.tally().states == {DELIVERED: 200}

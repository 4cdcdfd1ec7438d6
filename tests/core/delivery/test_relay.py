from collections.abc import Iterator
from datetime import timedelta

import pytest

from petiole.adapters.memory import MemorySink, MemoryStore
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.events import (
    BatchSettled,
    Event,
    LeaseExpired,
    MessageBuried,
    MessagesDelivered,
)
from petiole.core.domain.message import MessageState
from petiole.core.domain.report import Rejected
from petiole.core.domain.settlement import AmbiguityPolicy, Bury
from tests.core.delivery.stage import NEWSLETTER, SlowWorkers, Stage
from tests.core.profiles import MINUTE, NOON, SECOND, change, person, scope

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
DELIVERED, PENDING = MessageState.DELIVERED, MessageState.PENDING


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    assert stage.tally().balanced


def test_full_batch_goes_at_once(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(100))

    stage.run_for(MINUTE)

    assert sink.calls == [(NOON, 100)]


def test_few_changes_and_silence_are_sent_when_the_oldest_is_twenty_minutes_old(
    stage: Stage,
) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(36))
    stage.clock.advance(7 * MINUTE)
    stage.enqueue([36])

    stage.run_for(60 * MINUTE)

    assert sink.calls == [(NOON + 20 * MINUTE, 37)]


def test_age_survives_a_restart(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(37))

    stage.run_for(12 * MINUTE)
    stage.restarted().run_for(60 * MINUTE)

    assert sink.calls == [(NOON + 20 * MINUTE, 37)]


def test_age_passes_while_nothing_runs(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(37))

    stage.clock.advance(timedelta(days=2))
    stage.drain()

    assert sink.calls == [(NOON + timedelta(days=2), 37)]


def test_change_that_fills_the_batch_ends_the_waiting(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(99))
    stage.run_for(5 * MINUTE)

    stage.enqueue([99])
    stage.run_for(SECOND)

    assert sink.calls == [(NOON + 5 * MINUTE, 100)]


def test_backlog_goes_in_full_batches_and_the_rest_waits(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(250))

    stage.drain()

    assert [size for _, size in sink.calls] == [100, 100]
    assert stage.tally()[PENDING] == 50


def test_flush_sends_the_rest(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(250))

    stage.drain()
    stage.drain(flush=True)

    assert [size for _, size in sink.calls] == [100, 100, 50]
    assert stage.tally().open == 0


def test_heavy_batch_goes_before_it_is_full(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(batching=BatchPolicy(max_bytes=1_000))
    long_name = {"firstname": "x" * 380}
    stage.enqueue_changes(change(number, fields=long_name) for number in range(3))

    stage.drain()

    assert sink.calls == [(NOON, 2)]


def test_one_connection_at_most_so_many_at_once(stage: Stage) -> None:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    stage.workers = workers
    sink = stage.serve(MemorySink())
    stage.set(max_in_flight=3, batching=BatchPolicy(max_profiles=10))
    stage.enqueue(range(100))

    stage.drain()

    assert workers.busiest == 3
    assert [at for at, _ in sink.calls] == [NOON + n // 3 * SECOND for n in range(10)]


def test_changes_of_one_profile_go_one_after_the_other(stage: Stage) -> None:
    sink = MemorySink()
    stage.serve(sink)
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: SECOND})
    kinds = [ADD, UPDATE, UPDATE, REMOVE, ADD]
    stage.enqueue_changes(change(7, kind) for kind in kinds)

    stage.drain(flush=True)

    assert [[m.change.kind for m in call] for call in sink.deliveries] == [[k] for k in kinds]
    assert sink.profiles.keys() == {(scope().segment, person(7))}


def test_order_holds_across_the_connections_of_one_account(stage: Stage) -> None:
    stage.workers = SlowWorkers(stage.clock, {"batch": 5 * SECOND, "realtime": SECOND})
    platform = MemorySink()
    for name in ("batch", "realtime"):
        stage.serve(platform, name)
        stage.set(name, batching=BatchPolicy(max_profiles=1))
    lanes = ["batch", "realtime", "batch", "realtime", "realtime", "batch"]
    stage.enqueue_changes(
        change(7, UPDATE, {"step": step}, within=scope(lane)) for step, lane in enumerate(lanes)
    )

    stage.drain(patience=MINUTE)

    steps = [m.change.fields.values()["step"] for call in platform.deliveries for m in call]
    assert steps == [0, 1, 2, 3, 4, 5]


def test_delivered_changes_are_told_and_in_the_ledger(stage: Stage) -> None:
    stage.serve(MemorySink())
    stage.enqueue_changes([change(1), change(2), change(3, REMOVE)])

    stage.drain(flush=True)

    (told,) = stage.observer.of(MessagesDelivered)
    assert [m.change.identifier for m in told.messages] == [person(1), person(2), person(3)]
    (settled,) = stage.observer.of(BatchSettled)
    assert settled.delivered == {ADD: 2, REMOVE: 1}
    assert (settled.calls, settled.resent, settled.error) == (1, 0, "")
    assert stage.store.ledger.holds(scope(), person(1))
    assert not stage.store.ledger.holds(scope(), person(3))


def test_observers_hear_only_what_is_durable(stage: Stage) -> None:
    heard = []

    class Suspicious:
        def notify(self, event: Event) -> None:
            heard.append((type(event), stage.tally()[DELIVERED]))

    stage.observer = Suspicious()  # type: ignore[assignment] # another observer than stages have
    stage.serve(MemorySink())
    stage.enqueue(range(5))

    stage.drain(flush=True)

    assert heard == [(MessagesDelivered, 5), (BatchSettled, 5)]


def test_refused_record_is_buried_alone(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), Rejected("105", "no such column"))
    stage.serve(sink)
    stage.enqueue(range(5))

    stage.drain(flush=True)

    (buried,) = stage.observer.of(MessageBuried)
    assert buried.verdict == Bury("105", "no such column")
    assert stage.tally()[DELIVERED] == 4
    (letter,) = stage.letters()
    assert (letter.identifier, letter.code, letter.reason) == (person(3), "105", "no such column")


def test_buried_change_does_not_block_its_successors(stage: Stage) -> None:
    sink = MemorySink()
    sink.answer(person(3), Rejected("105", "no such column"))
    timed = stage.serve(sink)
    stage.enqueue_changes([change(3), change(3, UPDATE)])

    stage.drain(flush=True)

    assert len(timed.calls) == 2
    assert stage.tally().open == 0


def test_batch_of_a_dead_runner_is_sent_again_and_that_is_told(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.enqueue(range(5))
    stage.store.outbox.claim(NEWSLETTER, BatchPolicy(), batches=1, partial=True, lease=10 * MINUTE)
    heir = stage.restarted()

    heir.drain()

    (settled,) = stage.observer.of(BatchSettled)
    assert (settled.resent, sum(settled.delivered.values())) == (5, 5)
    assert sink.calls == [(NOON, 5)]


def test_batches_of_a_dead_runner_are_parked_without_blaming_the_platform(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.set(ambiguity=AmbiguityPolicy.PARK, batching=BatchPolicy(max_profiles=1))
    stage.enqueue(range(9))
    stage.store.outbox.claim(
        NEWSLETTER, BatchPolicy(max_profiles=1), batches=8, partial=True, lease=MINUTE
    )
    heir = stage.restarted()

    heir.drain()

    assert heir.tally()[MessageState.PARKED] == 8
    assert sink.calls == [(NOON, 1)]


def test_batch_that_another_runner_took_over_is_told_and_not_settled_twice(stage: Stage) -> None:
    sink = MemorySink()
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 3 * MINUTE})
    stage.serve(sink)
    stage.set(lease=MINUTE)
    stage.enqueue(range(5))
    other = Stage(clock=stage.clock, state=stage.state)
    other.serve(sink)

    def others_turn() -> bool:
        other.drain()
        return False

    stage.relay().drain(flush=True, patience=MINUTE, until=others_turn)

    (lost,) = stage.observer.of(LeaseExpired)
    assert lost.connection == NEWSLETTER
    assert stage.observer.of(MessagesDelivered) == []
    assert stage.tally().states == {DELIVERED: 5}
    assert len(sink.deliveries) == 2


def test_batch_that_another_runner_took_over_still_fills_its_place(stage: Stage) -> None:
    workers = SlowWorkers(stage.clock, {NEWSLETTER: 3 * MINUTE})
    stage.workers = workers
    stage.serve(MemorySink())
    stage.set(max_in_flight=1, lease=MINUTE, batching=BatchPolicy(max_profiles=5))
    stage.enqueue(range(5))
    other = Stage(clock=stage.clock, state=stage.state)
    other.serve(MemorySink())

    def others_turn() -> bool:
        other.drain()
        if stage.tally().open == 0 and stage.clock.now() < NOON + 2 * MINUTE:
            stage.enqueue(range(100, 105))
        return False

    stage.relay().drain(flush=True, patience=MINUTE, until=others_turn)

    assert workers.submitted == 2
    assert workers.busiest == 1


def test_batch_that_outlasts_its_lease_is_not_sent_again_by_its_own_runner(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 3 * MINUTE})
    stage.set(lease=MINUTE)
    stage.enqueue(range(100))

    stage.run_for(10 * MINUTE)

    assert sink.calls == [(NOON, 100)]
    assert stage.observer.of(LeaseExpired) == []
    assert stage.tally().states == {DELIVERED: 100}


def test_batch_that_others_had_in_between_is_taken_anew(stage: Stage) -> None:
    sink = stage.serve(MemorySink())
    stage.workers = SlowWorkers(stage.clock, {NEWSLETTER: 3 * MINUTE})
    stage.set(lease=MINUTE)
    stage.enqueue(range(100))
    relay = stage.relay()
    relay.turn()
    stage.clock.advance(MINUTE)
    with MemoryStore(clock=stage.clock, state=stage.state) as other:
        policy = stage.routes[NEWSLETTER].batching
        other.outbox.claim(NEWSLETTER, policy, batches=1, partial=True, lease=MINUTE)

    relay.turn()
    relay.land()

    assert len(sink.calls) == 2
    assert len(stage.observer.of(LeaseExpired)) == 1
    assert stage.tally().states == {DELIVERED: 100}

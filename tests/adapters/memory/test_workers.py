"""Time, chance, workers and observers for tests."""

from datetime import timedelta

from petiole.adapters.memory import FrozenClock, InlineWorkers, RecordingObserver, SeededChance
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import ConnectionHeld, LeaseExpired
from petiole.core.domain.message import BatchId
from petiole.testing.changes import MOMENT

NAME = ConnectionName("newsletter")


def test_results_are_handed_over_once_and_take_no_time() -> None:
    clock = FrozenClock()
    workers = InlineWorkers[str](clock)
    began = clock.now()
    workers.submit("newsletter", lambda: "sent")

    first = workers.collect(timedelta(minutes=20))

    assert (list(first), clock.now()) == (["sent"], began)


def test_waiting_for_nothing_takes_virtual_time() -> None:
    clock = FrozenClock()
    workers = InlineWorkers[str](clock)
    began = clock.now()

    results = workers.collect(timedelta(minutes=20))

    assert (list(results), clock.now() - began) == ([], timedelta(minutes=20))


def test_chance_replays_for_the_same_seed() -> None:
    drawn = [[chance.fraction() for _ in range(9)] for chance in (SeededChance(7), SeededChance(7))]

    assert drawn[0] == drawn[1]
    assert drawn[0] != [SeededChance(8).fraction() for _ in range(9)]
    assert all(0 <= fraction < 1 for fraction in drawn[0])


def test_clock_can_be_set_in_any_zone() -> None:
    clock = FrozenClock()

    clock.set(MOMENT.astimezone())

    assert clock.now() == MOMENT


def test_observer_keeps_events_in_order_and_by_kind() -> None:
    observer = RecordingObserver()
    held = ConnectionHeld(connection=NAME, until=MOMENT, reason="429")
    expired = LeaseExpired(connection=NAME, batch=BatchId(1))

    observer.notify(held)
    observer.notify(expired)

    assert observer.events == [held, expired]
    assert observer.of(LeaseExpired) == [expired]

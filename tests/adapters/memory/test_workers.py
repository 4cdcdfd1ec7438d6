"""Time, chance, workers and observers for tests."""

from datetime import timedelta

import pytest

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


def test_woken_workers_pass_no_time_once() -> None:
    clock = FrozenClock()
    workers = InlineWorkers[str](clock)
    began = clock.now()

    workers.wake()
    woken = workers.collect(timedelta(minutes=20)), clock.now() - began
    workers.collect(timedelta(minutes=20))

    assert woken == ([], timedelta())
    assert clock.now() - began == timedelta(minutes=20)


def test_woken_workers_still_hand_over_results() -> None:
    workers = InlineWorkers[str](FrozenClock())
    workers.submit("newsletter", lambda: "sent")

    workers.wake()

    assert list(workers.collect(timedelta())) == ["sent"]


def test_chance_replays_for_the_same_seed() -> None:
    drawn = [[chance.fraction() for _ in range(9)] for chance in (SeededChance(7), SeededChance(7))]

    assert drawn[0] == drawn[1]
    assert drawn[0] != [SeededChance(8).fraction() for _ in range(9)]
    assert all(0 <= fraction < 1 for fraction in drawn[0])


def test_clock_can_be_set_in_any_zone() -> None:
    clock = FrozenClock()

    clock.set(MOMENT.astimezone())

    assert clock.now() == MOMENT


def test_time_that_passes_moves_the_time_of_day_too() -> None:
    clock = FrozenClock()
    now, uptime = clock.now(), clock.uptime()

    clock.advance(timedelta(minutes=20))

    assert clock.now() - now == clock.uptime() - uptime == timedelta(minutes=20)


@pytest.mark.parametrize("jump", [timedelta(hours=2), -timedelta(days=3650)])
def test_clock_that_jumps_lets_no_time_pass(jump: timedelta) -> None:
    clock = FrozenClock()
    now, uptime = clock.now(), clock.uptime()

    clock.jump(jump)
    jumped = clock.now() - now
    clock.set(MOMENT)

    assert jumped == jump
    assert clock.uptime() == uptime


def test_time_does_not_pass_backwards() -> None:
    with pytest.raises(ValueError, match="jump"):
        FrozenClock().advance(-timedelta(seconds=1))


def test_observer_keeps_events_in_order_and_by_kind() -> None:
    observer = RecordingObserver()
    held = ConnectionHeld(connection=NAME, until=MOMENT, reason="429")
    expired = LeaseExpired(connection=NAME, batch=BatchId(1))

    observer.notify(held)
    observer.notify(expired)

    assert observer.events == [held, expired]
    assert observer.of(LeaseExpired) == [expired]

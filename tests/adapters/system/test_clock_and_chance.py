"""The clock of the machine, and its chance."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import starmap

from petiole.adapters.system import SystemChance, SystemClock
from petiole.core.ports.chance import Chance
from petiole.core.ports.clock import Clock


def test_both_satisfy_their_ports() -> None:
    assert isinstance(SystemClock(), Clock)
    assert isinstance(SystemChance(), Chance)


def test_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    after = datetime.now(UTC)

    assert now.utcoffset() == timedelta()
    assert before <= now <= after


def test_time_that_passed_is_the_same_for_all_processes() -> None:
    asked = (
        "from petiole.adapters.system import SystemClock as C; print(C().uptime().total_seconds())"
    )

    before = SystemClock().uptime()
    other = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout
    after = SystemClock().uptime()

    assert before <= timedelta(seconds=float(other)) <= after


def test_chance_draws_from_zero_up_to_one() -> None:
    chance = SystemChance()

    drawn = [chance.fraction() for _ in range(1000)]

    assert all(0 <= fraction < 1 for fraction in drawn)
    assert len(set(drawn)) > 900


def test_same_seed_draws_the_same() -> None:
    chances = starmap(SystemChance, [(7,), (7,), (8,)])

    first, again, other = ([chance.fraction() for _ in range(5)] for chance in chances)

    assert first == again
    assert first != other

"""What every clock promises."""

from datetime import UTC, timedelta

import pytest

from petiole.core.ports.clock import Clock
from petiole.testing.contracts.override import missing
from petiole.testing.promises import keeps


class ClockContract:
    """`ports.clock`: override `clock`."""

    @pytest.fixture
    def clock(self, request: pytest.FixtureRequest) -> Clock:
        missing(request, "clock")

    @keeps(Clock.now, "aware, in UTC")
    def test_moment_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().tzinfo is UTC

    @keeps(Clock.now, "the present moment")
    @keeps(Clock, "Tells the time")
    def test_time_does_not_run_backwards_between_two_looks(self, clock: Clock) -> None:
        first = clock.now()

        assert clock.now() >= first

    @keeps(Clock.uptime, "never jumps")
    def test_uptime_does_not_run_backwards_between_two_looks(self, clock: Clock) -> None:
        first = clock.uptime()

        assert clock.uptime() >= first >= timedelta()

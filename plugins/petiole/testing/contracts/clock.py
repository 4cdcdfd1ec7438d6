"""What every clock promises."""

from datetime import UTC

import pytest

from petiole.core.ports.clock import Clock


class ClockContract:
    """`ports.clock`: override `clock`."""

    @pytest.fixture
    def clock(self) -> Clock:
        pytest.fail("override this fixture with one that gives your adapter")

    def test_moment_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().tzinfo is UTC

    def test_time_does_not_run_backwards_between_two_looks(self, clock: Clock) -> None:
        first = clock.now()

        assert clock.now() >= first

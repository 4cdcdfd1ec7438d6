from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.backoff import RetryPolicy, backoff, clamp_retry_after
from tests.core.profiles import MINUTE, SECOND

POLICY = RetryPolicy()
NEARLY_ONE = 1 - 2**-53
FRACTIONS = st.floats(0, 1, exclude_max=True)
ATTEMPTS = st.integers(1, 10_000)


@given(ATTEMPTS, FRACTIONS)
def test_wait_stays_between_floor_and_ceiling(attempt: int, fraction: float) -> None:
    assert POLICY.floor <= backoff(attempt, POLICY, fraction=fraction) <= POLICY.ceiling


@given(st.integers(1, 9), FRACTIONS)
def test_wait_spreads_over_the_whole_of_a_doubling_span(attempt: int, fraction: float) -> None:
    policy = RetryPolicy(floor=timedelta(0))

    wait = backoff(attempt, policy, fraction=fraction)

    assert wait == timedelta(seconds=2 ** (attempt - 1) * fraction)


@pytest.mark.parametrize(("attempt", "widest_seconds"), [(1, 1), (2, 2), (3, 4), (10, 512)])
def test_widest_wait_doubles_with_each_attempt(attempt: int, widest_seconds: int) -> None:
    wait = backoff(attempt, POLICY, fraction=NEARLY_ONE)

    assert wait == timedelta(seconds=widest_seconds)


@pytest.mark.parametrize("attempt", [11, 41, 42, 1_000, 10_000])
def test_late_attempts_wait_for_the_ceiling_at_most(attempt: int) -> None:
    assert backoff(attempt, POLICY, fraction=NEARLY_ONE) == POLICY.ceiling


def test_least_lucky_draw_still_waits_for_the_floor() -> None:
    assert backoff(7, POLICY, fraction=0.0) == timedelta(milliseconds=100)


@pytest.mark.parametrize("base", [2 * MINUTE, timedelta(hours=6), timedelta(days=365)])
def test_slow_pace_never_overflows(base: timedelta) -> None:
    policy = RetryPolicy(base=base, ceiling=timedelta(days=2))

    assert backoff(10_000, policy, fraction=NEARLY_ONE) == policy.ceiling


def test_wish_of_the_platform_is_followed() -> None:
    assert clamp_retry_after(90 * SECOND, POLICY) == 90 * SECOND


@pytest.mark.parametrize("asked", [timedelta(0), timedelta(days=-3), timedelta(microseconds=1)])
def test_wish_for_no_wait_meets_the_floor(asked: timedelta) -> None:
    assert clamp_retry_after(asked, POLICY) == POLICY.floor


def test_wish_for_an_endless_wait_meets_the_cap() -> None:
    assert clamp_retry_after(timedelta.max, POLICY) == timedelta(days=1)

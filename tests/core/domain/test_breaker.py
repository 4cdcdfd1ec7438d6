from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.breaker import (
    HEALTHY,
    BreakerPolicy,
    ConnectionState,
    Flow,
    PauseReason,
    after_failure,
    after_success,
    held_until,
    paused,
    probing,
    slowed_down,
)
from tests.core.profiles import MINUTE, NOON, SECOND

POLICY = BreakerPolicy(
    threshold=3, pace=RetryPolicy(base=2 * SECOND, ceiling=MINUTE, floor=timedelta(0))
)
ALMOST_OPEN = ConnectionState(failures=2)
OPEN = ConnectionState(failures=3, open_until=NOON + 10 * SECOND, reason="no answer")


def failed(
    state: ConnectionState, *, now: datetime = NOON, fraction: float = 0.5
) -> ConnectionState:
    return after_failure(state, "no answer", policy=POLICY, now=now, fraction=fraction)


def slowed(
    state: ConnectionState, *, now: datetime = NOON, fraction: float = 0.5
) -> ConnectionState:
    return slowed_down(state, "too fast", policy=POLICY, now=now, fraction=fraction)


def test_healthy_connection_flows() -> None:
    assert HEALTHY.flow(NOON) is Flow.CLOSED


def test_open_circuit_becomes_a_probe_at_its_moment() -> None:
    moment = OPEN.open_until
    assert moment is not None

    assert OPEN.flow(moment - timedelta(microseconds=1)) is Flow.OPEN
    assert OPEN.flow(moment) is Flow.PROBING
    assert OPEN.flow(moment + MINUTE) is Flow.PROBING


@pytest.mark.parametrize("why", PauseReason)
def test_pause_goes_before_everything_else(why: PauseReason) -> None:
    assert paused(OPEN, why, "told to").flow(NOON + MINUTE) is Flow.PAUSED
    assert paused(HEALTHY, why, "told to").flow(NOON) is Flow.PAUSED


def test_failures_below_the_threshold_are_only_counted() -> None:
    state = failed(failed(HEALTHY))

    assert state == ConnectionState(failures=2, reason="no answer")
    assert state.flow(NOON) is Flow.CLOSED


def test_failure_at_the_threshold_opens_the_circuit() -> None:
    state = failed(ALMOST_OPEN)

    assert state == ConnectionState(failures=3, open_until=NOON + SECOND, reason="no answer")


def test_each_failed_probe_doubles_the_widest_wait() -> None:
    state, waits, now = ALMOST_OPEN, [], NOON

    for _ in range(7):
        state = failed(state, now=now)
        assert state.open_until is not None
        waits.append((state.open_until - now).total_seconds())
        now = state.open_until

    assert waits == [1, 2, 4, 8, 16, 30, 30]


def test_failure_that_was_under_way_when_the_circuit_opened_tells_nothing_new() -> None:
    assert failed(OPEN) == OPEN


def test_success_closes_the_circuit_after_a_probe() -> None:
    assert after_success(OPEN, now=NOON + 10 * SECOND) == HEALTHY
    assert after_success(ALMOST_OPEN, now=NOON) == HEALTHY


def test_success_that_was_under_way_does_not_shorten_a_hold() -> None:
    assert after_success(OPEN, now=NOON) == OPEN


@pytest.mark.parametrize("why", PauseReason)
def test_success_that_was_under_way_lifts_no_pause(why: PauseReason) -> None:
    state = paused(HEALTHY, why, "told to")

    assert after_success(state, now=NOON) == state


def test_hold_lasts_until_the_moment_that_was_asked_for() -> None:
    state = held_until(HEALTHY, NOON + MINUTE, "too fast")

    assert state == ConnectionState(open_until=NOON + MINUTE, reason="too fast")


@given(st.integers(1, 600), st.integers(1, 600))
def test_later_of_two_holds_counts(first_seconds: int, second_seconds: int) -> None:
    state = held_until(HEALTHY, NOON + first_seconds * SECOND, "too fast")

    state = held_until(state, NOON + second_seconds * SECOND, "too fast")

    assert state.open_until == NOON + max(first_seconds, second_seconds) * SECOND


def test_repeated_wishes_without_a_time_wait_longer_each_time() -> None:
    state, waits, now = HEALTHY, [], NOON

    for _ in range(4):
        state = slowed(state, now=now)
        assert state.open_until is not None
        waits.append((state.open_until - now).total_seconds())
        now = state.open_until

    assert waits == [1, 2, 4, 8]


def test_wish_that_was_under_way_does_not_prolong_the_wait() -> None:
    state = slowed(HEALTHY)

    assert slowed(state) == state


def test_resuming_sends_one_trial_batch_at_once() -> None:
    state = probing(paused(HEALTHY, PauseReason.CREDENTIALS, "token refused"), NOON)

    assert state.flow(NOON) is Flow.PROBING
    assert after_success(state, now=NOON) == HEALTHY

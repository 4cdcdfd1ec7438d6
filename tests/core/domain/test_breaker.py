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
    Hold,
    PauseReason,
    after_failure,
    after_success,
    held_until,
    paused,
    quota_lifted,
    resumed,
    slowed_down,
)
from tests.core.profiles import MINUTE, NOON, SECOND

POLICY = BreakerPolicy(
    threshold=3, pace=RetryPolicy(base=2 * SECOND, ceiling=MINUTE, floor=timedelta(0))
)
ALMOST_OPEN = ConnectionState(failures=2, failing_since=NOON)
OPEN = ConnectionState(
    failures=3,
    failing_since=NOON,
    open_until=NOON + 10 * SECOND,
    hold=Hold.BREAKER,
    reason="no answer",
)


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
    assert paused(OPEN, why, "told to", now=NOON).flow(NOON + MINUTE) is Flow.PAUSED
    assert paused(HEALTHY, why, "told to", now=NOON).flow(NOON) is Flow.PAUSED


def test_failures_below_the_threshold_are_only_counted() -> None:
    state = failed(failed(HEALTHY))

    assert state == ConnectionState(failures=2, failing_since=NOON, reason="no answer")
    assert state.flow(NOON) is Flow.CLOSED


def test_failure_at_the_threshold_opens_the_circuit() -> None:
    state = failed(ALMOST_OPEN)

    assert state == ConnectionState(
        failures=3,
        failing_since=NOON,
        open_until=NOON + SECOND,
        hold=Hold.BREAKER,
        reason="no answer",
    )


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
    state = paused(HEALTHY, why, "told to", now=NOON)

    assert after_success(state, now=NOON) == state


def test_hold_lasts_until_the_moment_that_was_asked_for() -> None:
    state = held_until(HEALTHY, NOON + MINUTE, "too fast", now=NOON)

    assert state == ConnectionState(open_until=NOON + MINUTE, hold=Hold.PACE, reason="too fast")


@given(st.integers(1, 600), st.integers(1, 600))
def test_later_of_two_holds_counts(first_seconds: int, second_seconds: int) -> None:
    state = held_until(HEALTHY, NOON + first_seconds * SECOND, "too fast", now=NOON)

    state = held_until(state, NOON + second_seconds * SECOND, "too fast", now=NOON)

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
    state = resumed(paused(HEALTHY, PauseReason.CREDENTIALS, "token refused", now=NOON), now=NOON)

    assert state.flow(NOON) is Flow.PROBING
    assert after_success(state, now=NOON) == HEALTHY


def test_failures_in_a_row_are_known_by_the_first_of_them() -> None:
    state = failed(failed(failed(HEALTHY), now=NOON + MINUTE), now=NOON + 2 * MINUTE)

    assert (state.failures, state.failing_since) == (3, NOON)


def test_success_forgets_since_when_it_failed() -> None:
    state = after_success(failed(HEALTHY), now=NOON)

    assert failed(state, now=NOON + MINUTE).failing_since == NOON + MINUTE


def test_hold_tells_why_nothing_is_sent() -> None:
    asked = held_until(HEALTHY, NOON + MINUTE, "too fast", now=NOON)

    assert failed(ALMOST_OPEN).hold is Hold.BREAKER
    assert slowed(HEALTHY).hold is asked.hold is Hold.PACE
    assert resumed(OPEN, now=NOON).hold is Hold.TRIAL


@pytest.mark.parametrize("days", [2, 3650])
def test_hold_for_more_than_a_day_was_written_before_the_clock_was_set_back(days: int) -> None:
    state = held_until(HEALTHY, NOON + timedelta(days=1), "too fast", now=NOON)

    assert state.flow(NOON) is Flow.OPEN
    assert state.flow(NOON - timedelta(days=days)) is Flow.PROBING


def test_hold_that_nobody_can_believe_does_not_outlive_a_new_one() -> None:
    past = NOON - timedelta(days=3650)
    state = held_until(HEALTHY, NOON + MINUTE, "too fast", now=NOON)

    state = held_until(state, past + MINUTE, "too fast", now=past)

    assert state.open_until == past + MINUTE


def test_pause_tells_who_did_it_and_when() -> None:
    state = paused(OPEN, PauseReason.OPERATOR, "maintenance", now=NOON, by="Noor")

    assert (state.paused_by, state.paused_at, state.paused_why) == ("Noor", NOON, "maintenance")
    assert state.reason == OPEN.reason


def test_pause_that_is_lifted_leaves_no_trace() -> None:
    state = paused(OPEN, PauseReason.OPERATOR, "maintenance", now=NOON, by="Noor")

    assert resumed(state, now=NOON + SECOND) == OPEN


def test_quota_is_counted_anew_and_no_other_hold_is_lifted() -> None:
    used_up = held_until(HEALTHY, NOON + MINUTE, "used up", now=NOON, hold=Hold.QUOTA)
    slow = held_until(HEALTHY, NOON + MINUTE, "slow down", now=NOON)

    assert quota_lifted(used_up).flow(NOON) is Flow.CLOSED
    assert quota_lifted(slow) == slow


@pytest.mark.parametrize("why", [PauseReason.CREDENTIALS, PauseReason.ENDPOINT])
def test_what_a_batch_found_out_does_not_replace_the_word_of_a_person(why: PauseReason) -> None:
    state = paused(HEALTHY, PauseReason.OPERATOR, "maintenance", now=NOON, by="Noor")

    assert paused(state, why, "token refused", now=NOON + MINUTE) == state


def test_word_of_a_person_replaces_what_a_batch_found_out() -> None:
    state = paused(HEALTHY, PauseReason.CREDENTIALS, "token refused", now=NOON)

    state = paused(state, PauseReason.OPERATOR, "maintenance", now=NOON + MINUTE, by="Noor")

    assert (state.paused, state.paused_by) == (PauseReason.OPERATOR, "Noor")


def test_resuming_what_flows_changes_nothing() -> None:
    assert resumed(HEALTHY, now=NOON) == HEALTHY
    assert resumed(ALMOST_OPEN, now=NOON) == ALMOST_OPEN


def test_resuming_lifts_a_hold_as_far_as_one_batch() -> None:
    assert resumed(OPEN, now=NOON).flow(NOON) is Flow.PROBING


def test_trial_that_fails_opens_again_for_longer() -> None:
    trial = resumed(OPEN, now=NOON)

    state = failed(trial)

    assert (state.failures, state.failing_since) == (4, NOON)
    assert state.open_until == NOON + 2 * SECOND
    assert (state.paused, state.hold) == (None, Hold.BREAKER)

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.batching import (
    CLOCK_TOLERANCE,
    Backlog,
    BatchPolicy,
    DueReason,
    due,
    flush_at,
    next_look,
)
from tests.core.profiles import MINUTE, NOON, SECOND

POLICY = BatchPolicy()
INSTANT = timedelta(microseconds=1)


def waiting(
    claimable: int = 37,
    *,
    weight_bytes: int = 10_000,
    since: datetime | None = NOON,
    next_due_at: datetime | None = None,
    abandoned: int = 0,
) -> Backlog:
    return Backlog(
        claimable=claimable,
        weight_bytes=weight_bytes,
        oldest_enqueued_at=since,
        next_due_at=next_due_at,
        abandoned=abandoned,
    )


def test_defaults_are_the_documented_hundred_profiles_or_twenty_minutes() -> None:
    assert POLICY.max_profiles == 100
    assert POLICY.max_age == 20 * MINUTE
    assert POLICY.max_bytes < 6_000_000


@pytest.mark.parametrize(("claimable", "reason"), [(99, None), (100, DueReason.FULL)])
def test_batch_is_due_once_it_is_full(claimable: int, reason: DueReason | None) -> None:
    assert due(waiting(claimable), POLICY, now=NOON) is reason


@pytest.mark.parametrize(("weight", "reason"), [(4_999_999, None), (5_000_000, DueReason.HEAVY)])
def test_batch_is_due_once_it_is_heavy(weight: int, reason: DueReason | None) -> None:
    assert due(waiting(weight_bytes=weight), POLICY, now=NOON) is reason


def test_batch_is_due_when_its_oldest_message_is_old_enough_and_not_before() -> None:
    ripe = NOON + 20 * MINUTE

    assert due(waiting(), POLICY, now=ripe - INSTANT) is None
    assert due(waiting(), POLICY, now=ripe) is DueReason.AGE


def test_flush_sends_what_is_neither_full_nor_old() -> None:
    assert due(waiting(1), POLICY, now=NOON, flush=True) is DueReason.FLUSH


def test_flush_of_nothing_sends_nothing() -> None:
    assert due(Backlog(), POLICY, now=NOON, flush=True) is None
    assert due(Backlog(next_due_at=NOON + SECOND), POLICY, now=NOON, flush=True) is None


def test_abandoned_batch_is_recovered_first() -> None:
    assert due(waiting(100, abandoned=1), POLICY, now=NOON) is DueReason.RECOVERY
    assert due(Backlog(abandoned=1), POLICY, now=NOON) is DueReason.RECOVERY


@pytest.mark.parametrize("back", [CLOCK_TOLERANCE + INSTANT, 60 * MINUTE, timedelta(days=3650)])
def test_what_was_enqueued_in_the_future_goes_at_once(back: timedelta) -> None:
    assert due(waiting(), POLICY, now=NOON - back) is DueReason.AGE


@pytest.mark.parametrize("back", [INSTANT, CLOCK_TOLERANCE])
def test_clock_that_was_set_back_a_little_only_delays(back: timedelta) -> None:
    assert due(waiting(), POLICY, now=NOON - back) is None


@given(
    since=st.integers(0, 1199).map(lambda seconds: NOON - seconds * SECOND),
    later=st.none() | st.integers(1, 3000).map(lambda seconds: NOON + seconds * SECOND),
)
def test_next_look_is_the_first_moment_at_which_something_changes(
    since: datetime, later: datetime | None
) -> None:
    backlog = waiting(since=since, next_due_at=later)

    look = next_look(backlog, POLICY)

    assert look is not None
    assert due(backlog, POLICY, now=look - INSTANT) is None
    assert later == look or due(backlog, POLICY, now=look) is DueReason.AGE
    assert later is None or look <= later


def test_nothing_to_wait_for_needs_no_look() -> None:
    assert next_look(Backlog(in_flight=3), POLICY) is None


@pytest.mark.parametrize(
    ("backlog", "moment"),
    [
        (waiting(1), NOON + 20 * MINUTE),
        (waiting(100), NOON + MINUTE),
        (waiting(since=NOON - 60 * MINUTE), NOON + MINUTE),
        (waiting(since=NOON + 60 * MINUTE), NOON + MINUTE),
        (Backlog(abandoned=1), NOON + MINUTE),
        (Backlog(next_due_at=NOON + 2 * MINUTE), None),
    ],
    ids=["young", "full", "old", "from the future", "abandoned", "waiting for a later try"],
)
def test_flush_comes_when_the_batch_is_due(backlog: Backlog, moment: datetime | None) -> None:
    assert flush_at(backlog, POLICY, now=NOON + MINUTE) == moment

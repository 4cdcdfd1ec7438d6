"""Points between which a process may die."""

from collections.abc import Iterator

import pytest

from petiole.core.delivery.attempt import attempt
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.errors import Ambiguous, Timeout
from petiole.core.failpoints import FailPoint, arm, reach
from tests.core.delivery.scripted_sink import (
    ScriptedSink,
    ScriptedVerifyingSink,
    accept,
    fail_with,
)
from tests.core.profiles import batch


@pytest.fixture
def passed() -> Iterator[list[FailPoint]]:
    points: list[FailPoint] = []
    arm(points.append)
    yield points
    arm(None)


def test_points_are_passed_silently_unless_armed() -> None:
    reach(FailPoint.SEND)


def test_call_that_was_answered_passes_two_points(passed: list[FailPoint]) -> None:
    attempt(ScriptedSink(), batch(2), ambiguity=AmbiguityPolicy.RESEND)

    assert passed == [FailPoint.SEND, FailPoint.SENT]


def test_call_that_failed_passes_one(passed: list[FailPoint]) -> None:
    sink = ScriptedSink(fail_with(Timeout("no answer")))

    attempt(sink, batch(2), ambiguity=AmbiguityPolicy.RESEND)

    assert passed == [FailPoint.SEND]


def test_reading_back_passes_a_point_of_its_own(passed: list[FailPoint]) -> None:
    sink = ScriptedVerifyingSink(fail_with(Ambiguous("cut off")), reading=accept)

    attempt(sink, batch(2), ambiguity=AmbiguityPolicy.RESEND)

    assert passed == [FailPoint.SEND, FailPoint.READ_BACK, FailPoint.SEND, FailPoint.SENT]


def test_process_that_dies_at_a_point_is_not_saved_by_the_attempt() -> None:
    def die(_: FailPoint) -> None:
        raise KeyboardInterrupt

    arm(die)
    try:
        with pytest.raises(KeyboardInterrupt):
            attempt(ScriptedSink(), batch(1), ambiguity=AmbiguityPolicy.RESEND)
    finally:
        arm(None)

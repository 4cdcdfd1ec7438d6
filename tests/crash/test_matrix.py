"""Killed at every point: nothing is lost, and only what was under way arrives twice."""

from signal import SIGKILL

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.failpoints import FailPoint
from tests.crash.story import Lane, Stage
from tests.crash.victim import Doom, run
from tests.crash.witness import Twin, check_end, check_order, repeated, under_way

LATER = {
    FailPoint.ENQUEUE_WRITTEN: 3,
    FailPoint.ENQUEUE_COMMITTED: 3,
    FailPoint.STATE_WRITTEN: 2,
    FailPoint.STATE_COMMITTED: 2,
    FailPoint.DECISION_WRITTEN: 2,
    FailPoint.DECISION_COMMITTED: 2,
}
"""The passes of a story that comes by only so often; the third batch is not applied at first."""
OFTEN = 4
MIGRATION = {FailPoint.MIGRATION_WRITTEN, FailPoint.MIGRATION_COMMITTED}
ON_THE_WAY = [
    FailPoint.CLAIM_WRITTEN,
    FailPoint.CLAIM_COMMITTED,
    FailPoint.SEND,
    FailPoint.SENT,
    FailPoint.SETTLE_WRITTEN,
    FailPoint.SETTLE_COMMITTED,
]
ANYWHERE = [point for point in FailPoint if point is not FailPoint.READ_BACK]

REPEATED = {FailPoint.SENT, FailPoint.SETTLE_WRITTEN}
"""Where a batch has arrived and nobody knows."""

DEATHS = [
    *((Lane.BATCH, point, 1) for point in ANYWHERE),
    *((Lane.BATCH, point, LATER.get(point, OFTEN)) for point in ANYWHERE if point not in MIGRATION),
    *((Lane.MEMBERSHIP, point, 1) for point in FailPoint),
    (Lane.MEMBERSHIP, FailPoint.READ_BACK, 2),
    *((Lane.CAMPAIGN, point, 2) for point in ON_THE_WAY),
]


def test_every_point_is_died_at_in_both_lanes() -> None:
    batch, realtime = (
        {point for lane, point, _ in DEATHS if (lane is Lane.BATCH) is is_batch}
        for is_batch in (True, False)
    )

    assert batch == set(FailPoint) - {FailPoint.READ_BACK}
    assert realtime == set(FailPoint)


@pytest.mark.parametrize(("lane", "point", "passes"), DEATHS)
def test_killed_host_loses_nothing_and_repeats_only_what_it_had_not_settled(
    stage: Stage, twin: Twin, lane: Lane, point: FailPoint, passes: int
) -> None:
    story = stage(lane)
    died = run(Doom(point=point, passes=passes), story.live)
    in_doubt = under_way(story) & set(twin.arrivals)

    survived = run(None, story.live)

    assert (died, survived) == (-SIGKILL, 0)
    check_end(story, twin)
    if lane is Lane.MEMBERSHIP:
        calls = twin.operations
        assert calls["campaign_addMember"] == story.count(ChangeKind.ADD)
        assert calls["campaign_removeMember"] == story.count(ChangeKind.REMOVE)
    else:
        check_order(story, twin.arrivals)
        assert repeated(twin.arrivals) == dict.fromkeys(in_doubt, 1)
        assert bool(in_doubt) is (point in REPEATED)


@pytest.mark.parametrize("point", ON_THE_WAY)
def test_host_with_several_calls_in_the_air_loses_none_of_them(
    stage: Stage, twin: Twin, point: FailPoint
) -> None:
    story = stage(Lane.BATCH, max_in_flight=4, profiles=80)
    twin.control("settings", {"latency_ms": 20})
    died = run(Doom(point=point, passes=6), story.live)
    not_settled = under_way(story)

    survived = run(None, story.live)

    assert (died, survived) == (-SIGKILL, 0)
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals).items() <= dict.fromkeys(not_settled, 1).items()

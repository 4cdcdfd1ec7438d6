"""Killed while new profiles are on their way, whose messages are not yet written one by one."""

from collections.abc import Mapping, Sequence
from signal import SIGKILL

import pytest

from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.failpoints import FailPoint
from petiole.host import Host
from tests.adapters.sqlite.files import bound
from tests.contracts.stores import refuse_loose_ends
from tests.crash.story import NAME, SEGMENT, Lane, Stage, Story, mend
from tests.crash.victim import Doom, run
from tests.crash.witness import Twin, repeated

BOUND: Mapping[FailPoint, int] = {
    FailPoint.ENQUEUE_WRITTEN: 0,
    FailPoint.ENQUEUE_COMMITTED: 4,
    FailPoint.SEND: 4,
    FailPoint.SENT: 4,
    FailPoint.SETTLE_WRITTEN: 4,
}
"""Where a sync of four batches, all in the air at once, dies; and how many of them are bound."""


def audience(story: Story) -> Sequence[Mapping[str, JsonValue]]:
    return [{"id": profile, "number": 0} for profile in story.profiles]


def sync(story: Story) -> None:
    """Sync the profiles of a story, and send again what is refused."""
    with Host.open(story.settings()) as host:
        host.sync(NAME, audience(story), segment=SEGMENT, key="id")
        mend(host)
        host.run_once(flush=True)


@pytest.mark.parametrize("point", [*BOUND, FailPoint.SETTLE_COMMITTED])
def test_killed_sync_loses_nothing_and_repeats_only_what_it_had_not_settled(
    stage: Stage, twin: Twin, point: FailPoint
) -> None:
    story = stage(Lane.BATCH, max_in_flight=4)
    died = run(Doom(point=point), sync, story)
    refuse_loose_ends(story.path)
    left = bound(story.path)

    survived = run(None, sync, story)

    assert (died, survived) == (-SIGKILL, 0)
    assert left == BOUND.get(point, left)
    assert twin.profiles.keys() == set(story.profiles)
    again = repeated(twin.arrivals)
    assert set(again.values()) <= {1}
    if point is not FailPoint.SETTLE_COMMITTED:  # others may have arrived meanwhile, or not
        assert bool(again) is (point in {FailPoint.SENT, FailPoint.SETTLE_WRITTEN})
    with Host.open(story.settings()) as host:
        tally = host.container.bookkeeping().tally(NAME)
        assert tally == host.container.bookkeeping().audit(NAME)
        assert tally.waiting == 0
        assert host.container.ledger().count(host.planning.scope(NAME, SegmentId(SEGMENT))) == 40
    refuse_loose_ends(story.path)

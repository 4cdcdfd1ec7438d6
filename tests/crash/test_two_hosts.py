"""Two hosts by mistake on one file: they share the work, and who oversleeps does no harm."""

import os
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import pytest

from petiole.core.failpoints import FailPoint
from tests.crash.leased import Diary, deliver_under_short_leases
from tests.crash.story import BATCH_PROFILES, Lane, Stage, Story
from tests.crash.victim import Doom, ended, run, start
from tests.crash.waiting import wait_for
from tests.crash.witness import Twin, check_end, check_order, repeated, under_way


@pytest.fixture
def story(stage: Stage, twin: Twin) -> Story:
    """All is queued, and the platform is in a good mood."""
    story = stage(Lane.BATCH)
    twin.control("faults", {"rules": []})
    assert run(None, story.queue) == 0
    return story


def test_hosts_on_one_file_share_the_work(story: Story, twin: Twin) -> None:
    twin.control("settings", {"latency_ms": 20})
    hosts = [start(None, story.deliver) for _ in range(2)]

    assert [ended(host) for host in hosts] == [0, 0]
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == {}


@pytest.mark.parametrize("point", [FailPoint.CLAIM_COMMITTED, FailPoint.SENT])
def test_host_that_overslept_its_lease_sends_and_settles_nothing(
    tmp_path: Path, story: Story, twin: Twin, point: FailPoint
) -> None:
    mark, diary = tmp_path / "asleep", Diary(tmp_path / "diary")
    doom = Doom(point=point, passes=2, number=SIGSTOP, mark=mark)
    sleeper = start(doom, deliver_under_short_leases, story, diary)
    wait_for(mark.exists)
    in_doubt = under_way(story) & set(twin.arrivals)

    other = run(None, story.deliver)
    calls = len(twin.calls)
    wake(sleeper.pid)

    assert (other, ended(sleeper)) == (0, 0)
    assert "LeaseExpired" in diary.entries
    assert len(twin.calls) == calls
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == dict.fromkeys(in_doubt, 1)
    assert len(in_doubt) == (BATCH_PROFILES if point is FailPoint.SENT else 0)


def test_host_that_wakes_while_the_other_is_sending_does_not_settle_for_it(
    tmp_path: Path, story: Story, twin: Twin
) -> None:
    mark, diary = tmp_path / "asleep", Diary(tmp_path / "diary")
    doom = Doom(point=FailPoint.SENT, passes=2, number=SIGSTOP, mark=mark)
    sleeper = start(doom, deliver_under_short_leases, story, diary)
    wait_for(mark.exists)
    in_doubt = under_way(story)
    calls = len(twin.calls)

    twin.control("settings", {"latency_ms": 2_000})
    other = start(None, story.deliver)
    wait_for(lambda: len(twin.calls) > calls)
    twin.control("settings", {"latency_ms": 0})
    wake(sleeper.pid)

    assert [ended(host) for host in (other, sleeper)] == [0, 0]
    assert diary.entries.count("LeaseExpired") == 1
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == dict.fromkeys(in_doubt, 1)


def test_call_that_was_begun_before_the_sleep_arrives_late_and_settles_nothing(
    tmp_path: Path, story: Story, twin: Twin
) -> None:
    mark, diary = tmp_path / "asleep", Diary(tmp_path / "diary")
    doom = Doom(point=FailPoint.SEND, passes=2, number=SIGSTOP, mark=mark)
    sleeper = start(doom, deliver_under_short_leases, story, diary)
    wait_for(mark.exists)
    begun = under_way(story)

    other = run(None, story.deliver)
    before = twin.arrivals
    wake(sleeper.pid)

    assert (other, ended(sleeper)) == (0, 0)
    assert "LeaseExpired" in diary.entries
    check_order(story, before)
    assert repeated(before) == {}
    late = twin.arrivals[len(before) :]
    assert set(late) == begun
    assert len(late) == len(begun) == BATCH_PROFILES


def wake(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, SIGCONT)

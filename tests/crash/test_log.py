"""The log beside the file (petiole.db-wal): part of the outbox, also after a kill."""

import shutil
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL

import pytest

from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint
from petiole.host import Host
from tests.crash.story import ROUNDS, Lane, Stage, Story
from tests.crash.victim import Doom, run
from tests.crash.witness import Twin, check_end, check_order, repeated


@pytest.fixture
def story(stage: Stage, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Story:
    """All is queued by somebody who died, and what was queued last stands in the log only."""
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", twin.sandbox.token)
    story = stage(Lane.BATCH)
    twin.control("faults", {"rules": []})
    doom = Doom(point=FailPoint.ENQUEUE_COMMITTED, passes=ROUNDS)
    assert run(doom, story.queue) == -SIGKILL
    return story


def log_of(story: Story) -> Path:
    return story.path.with_name("petiole.db-wal")


def test_log_that_was_left_behind_is_used(story: Story, twin: Twin) -> None:
    left = log_of(story).stat().st_size

    delivered = run(None, story.deliver)

    assert left > 0
    assert delivered == 0
    check_end(story, twin)
    check_order(story, twin.arrivals)


def test_file_and_log_can_be_carried_elsewhere_together(
    story: Story, twin: Twin, tmp_path: Path
) -> None:
    elsewhere = replace(story, folder=tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    for path in (story.path, log_of(story)):
        shutil.copy(path, elsewhere.folder)

    delivered = run(None, elsewhere.deliver)

    assert delivered == 0
    check_end(elsewhere, twin)
    assert repeated(twin.arrivals) == {}


def test_without_its_log_the_file_is_whole_but_older(story: Story, twin: Twin) -> None:
    log_of(story).unlink()

    with Host.open(story.settings()) as host:
        [status] = host.status()
    queued = run(None, story.queue)
    delivered = run(None, story.deliver)

    assert status.tally.balanced
    assert status.tally[MessageState.PENDING] < story.changes
    assert (queued, delivered) == (0, 0)
    check_end(story, twin)
    check_order(story, twin.arrivals)

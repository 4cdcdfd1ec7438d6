"""Somebody keeps the file locked: a running host waits and goes on, status answers meanwhile."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from multiprocessing.process import BaseProcess
from signal import SIGCONT, SIGSTOP

import pytest

from petiole.core.failpoints import FailPoint
from tests.crash.shell import petiole, running_host
from tests.crash.story import Lane, Stage, Story
from tests.crash.victim import Doom, ended, run, start
from tests.crash.waiting import wait_for
from tests.crash.witness import Twin, check_end, check_order, repeated


@contextmanager
def another_program(story: Story) -> Iterator[Callable[[], object]]:
    """Lock the file as a shell of SQLite does in a transaction; gives what ends it."""
    with closing(sqlite3.connect(story.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield lambda: other.execute("ROLLBACK")


def wake(sleeper: BaseProcess) -> None:
    assert sleeper.pid is not None
    os.kill(sleeper.pid, SIGCONT)


@contextmanager
def suspended_host(story: Story) -> Iterator[Callable[[], object]]:
    """Suspend a host in the middle of a transaction; gives what lets it go on."""
    mark = story.folder / "asleep"
    doom = Doom(point=FailPoint.CLAIM_WRITTEN, number=SIGSTOP, mark=mark)
    sleeper = start(doom, story.deliver)
    try:
        wait_for(mark.exists)
        yield lambda: wake(sleeper)
        assert ended(sleeper) == 0
    finally:
        sleeper.kill()


@pytest.mark.parametrize(
    ("locking", "words"),
    [
        (another_program, "another program keeps it locked; close that program"),
        (suspended_host, "another runner keeps"),
    ],
)
def test_host_waits_for_whoever_locks_the_file(
    stage: Stage,
    twin: Twin,
    locking: Callable[[Story], AbstractContextManager[Callable[[], object]]],
    words: str,
) -> None:
    story = stage(Lane.BATCH)
    story.write_settings()
    twin.control("faults", {"rules": []})
    assert run(None, story.queue) == 0

    with locking(story) as let_go, running_host(story.folder) as host:
        host.await_words(words)
        status = petiole(story.folder, "status")
        calls = len(twin.calls)
        let_go()
        wait_for(lambda: len(twin.arrivals) >= story.changes)
        code = host.end()

    assert (code, status.code, calls) == (0, 0, 0)
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == {}

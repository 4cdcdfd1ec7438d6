"""The bell between processes: pipes beside the database, and nothing left of them."""

import os
import stat
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.testing.changes import change
from tests.repository import ROOT, SOURCE_ROOTS

PATIENCE_SECONDS = 10.0
ENVIRONMENT = {"PYTHONPATH": ":".join(map(str, [*SOURCE_ROOTS, ROOT]))}

ENQUEUE = """
import sys
from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.testing.contracts.runs import fill
with open_store(sys.argv[1], clock=FrozenClock()) as store:
    fill(store, 1, 1)
"""
LISTEN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from petiole.adapters.sqlite.bell import SqliteBell
with SqliteBell(Path(sys.argv[1])).listen(print) as heard:
    assert heard
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run(script: str, path: Path) -> int:
    command = [sys.executable, "-c", script, str(path)]
    return subprocess.run(command, env=ENVIRONMENT, check=False).returncode


def pipes(path: Path) -> list[Path]:
    return list(path.with_name("petiole.db.bell").glob("*"))


def test_enqueueing_in_another_process_rings(path: Path, store: SqliteStore) -> None:
    rung = Event()

    with store.bell.listen(rung.set) as heard:
        assert run(ENQUEUE, path) == 0

        assert heard
        assert rung.wait(PATIENCE_SECONDS)


def test_pipe_of_a_killed_listener_is_cleared_away_by_the_next_ring(
    path: Path, store: SqliteStore
) -> None:
    run(LISTEN_AND_DIE, path)
    left = pipes(path)

    store.outbox.enqueue([change(1)], folding=True)

    assert len(left) == 1
    assert pipes(path) == []


def test_nothing_is_left_of_a_bell(path: Path, store: SqliteStore) -> None:
    before = {file.name for file in path.parent.iterdir()}

    with store.bell.listen(lambda: None), store.bell.listen(lambda: None):
        assert len(pipes(path)) == 2

    assert {file.name for file in path.parent.iterdir()} == before


def test_nobody_else_may_ring(path: Path, store: SqliteStore) -> None:
    before = os.umask(0)
    try:
        with store.bell.listen(lambda: None):
            [pipe] = pipes(path)
            modes = [stat.S_IMODE(file.stat().st_mode) for file in (pipe.parent, pipe)]
    finally:
        os.umask(before)

    assert modes == [0o700, 0o600]


def test_bell_that_nobody_hears_any_more_wakes_nobody(path: Path) -> None:
    rung = Event()
    bell = SqliteBell(path)
    with bell.listen(rung.set):
        pass

    bell.ring()

    assert not rung.is_set()


def test_many_rings_are_heard_by_a_listener_who_is_busy(path: Path) -> None:
    bell = SqliteBell(path)
    woken, may_go_on = Event(), Event()

    def wake() -> None:
        woken.set()
        may_go_on.wait(PATIENCE_SECONDS)

    with bell.listen(wake):
        for _ in range(70_000):
            bell.ring()
        assert woken.wait(PATIENCE_SECONDS)
        may_go_on.set()


def test_listening_is_declined_where_no_pipe_can_be(path: Path, clock: FrozenClock) -> None:
    path.with_name("petiole.db.bell").write_text("in the way")

    with open_store(path, clock=clock) as store, store.bell.listen(lambda: None) as heard:
        store.outbox.enqueue([change(1)], folding=True)

        assert not heard


@pytest.mark.parametrize("name", ["petiole.db.bell", "nothing"])
def test_ringing_where_nobody_listens_makes_nothing(path: Path, name: str) -> None:
    SqliteBell(path).ring()

    assert not path.with_name(name).exists()

"""Pages that a copy of this process reads."""

import os
import pickle
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

from petiole.adapters.system import read_ahead, reader
from petiole.adapters.system.reader import FEW_PAGES, PAGES_WAITING, PIPE_BYTES
from petiole.core.errors import AudienceError

SOON = 30.0
"""Seconds, far more than anything here takes."""
OPEN_FILES = Path("/proc/self/fd")
MANY = FEW_PAGES + 3


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the copies; they are made although the tests' own runner has threads."""
    made: list[int] = []
    fork = os.fork

    def counted() -> int:
        process = fork()
        made.append(process)
        return process

    monkeypatch.setattr(reader, "_may_copy", lambda: True)
    monkeypatch.setattr(os, "fork", counted)
    return made


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def pages(number: int) -> Iterator[list[int]]:
    for page in range(number):
        yield [page, -page]


def read_by() -> Iterator[int]:
    """Yield endlessly which process reads."""
    while True:
        yield os.getpid()


@pytest.mark.parametrize("number", [0, FEW_PAGES - 1, FEW_PAGES, FEW_PAGES + 1, MANY])
def test_pages_come_as_they_are(number: int, copies: list[int]) -> None:
    assert list(read_ahead(pages(number))) == list(pages(number))
    assert len(copies) == (number >= FEW_PAGES)
    assert all(map(has_ended, copies))


def test_pages_larger_than_the_pipe_come_as_they_are(copies: list[int]) -> None:
    def large() -> Iterator[str]:
        for number in range(MANY):
            yield f"{number}" * PIPE_BYTES

    assert list(read_ahead(large())) == list(large())


def test_copy_reads_what_is_behind_the_first_pages(copies: list[int]) -> None:
    readers = list(islice(read_ahead(read_by()), MANY))

    assert readers == [os.getpid()] * FEW_PAGES + copies * (MANY - FEW_PAGES)


def test_reading_begins_at_once_but_goes_only_so_far_ahead(copies: list[int]) -> None:
    far_ahead = 10
    came, told = os.pipe()

    def large() -> Iterator[str]:
        for number in range(FEW_PAGES + PAGES_WAITING + far_ahead):
            os.write(told, b"x")
            yield f"{number}" * PIPE_BYTES

    reading = read_ahead(large())
    # Of what the copy has read, one more is waited for; the pipe holds none of these whole.
    asked = b""
    while len(asked) < FEW_PAGES + PAGES_WAITING + 1:
        assert select.select([came], [], [], SOON)[0]
        asked += os.read(came, 1_000)
    assert not select.select([came], [], [], 0.2)[0]

    assert len(list(reading)) == FEW_PAGES + PAGES_WAITING + far_ahead
    assert len(os.read(came, 1_000)) == far_ahead - 1
    os.close(came)
    os.close(told)


def test_who_stops_early_leaves_no_copy_behind(copies: list[int]) -> None:
    for wanted in (1, MANY):
        reading = read_ahead(read_by())
        taken = list(islice(reading, wanted))
        reading.close()

        assert len(taken) == wanted
    assert len(copies) == 2
    assert all(map(has_ended, copies))


def test_trouble_with_the_input_is_raised_here(copies: list[int]) -> None:
    def broken() -> Iterator[list[int]]:
        yield from pages(MANY)
        raise AudienceError("customers.csv, line 7: not valid UTF-8")

    got: list[list[int]] = []
    with pytest.raises(AudienceError, match=r"customers.csv, line 7: not valid UTF-8"):
        got.extend(read_ahead(broken()))
    assert got == list(pages(MANY))


def test_bug_is_raised_here_and_tells_where_it_is(copies: list[int]) -> None:
    def wrong() -> Iterator[list[int]]:
        yield from pages(FEW_PAGES)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        list(read_ahead(wrong()))
    assert "in wrong" in "".join(caught.value.__notes__)


@pytest.mark.parametrize("last_pages", [0, 1])
def test_copy_that_was_killed_is_told_of(last_pages: int, copies: list[int]) -> None:
    def killed() -> Iterator[list[int]]:
        yield from pages(FEW_PAGES + last_pages)
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(AudienceError, match=r"ended from outside.*nothing was queued: try again"):
        list(read_ahead(killed()))


def test_page_that_was_cut_short_is_told_of() -> None:
    source, sink = os.pipe()
    os.write(sink, pickle.dumps(["a page"] * 100)[:-50])
    os.close(sink)
    with os.fdopen(source, "rb") as pipe:
        copy = reader._Copy[list[str]](0, pipe)

        with pytest.raises(AudienceError, match="ended from outside"):
            list(copy.pages())


def test_keys_of_the_terminal_do_not_reach_the_copy(copies: list[int]) -> None:
    def interrupted() -> Iterator[list[int]]:
        yield from pages(FEW_PAGES)
        os.kill(os.getpid(), signal.SIGINT)
        yield [7]

    assert list(read_ahead(interrupted()))[-1] == [7]


def test_without_room_for_a_copy_all_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError

    open_before = list(OPEN_FILES.iterdir())
    monkeypatch.setattr(reader, "_may_copy", lambda: True)
    monkeypatch.setattr(os, "fork", refused)

    assert list(read_ahead(pages(MANY))) == list(pages(MANY))
    assert list(OPEN_FILES.iterdir()) == open_before


class TestWhoMayBeCopied:
    @pytest.fixture(autouse=True)
    def quiet(self, monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
        """Stand on two cores, and let nobody but the test's own threads be seen."""
        threads = [threading.current_thread()]
        monkeypatch.setattr(threading, "enumerate", lambda: threads)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
        return threads

    def test_process_with_two_cores_and_one_thread(self) -> None:
        assert reader._may_copy()

    def test_none_with_a_single_core(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})

        assert not reader._may_copy()

    def test_none_beside_another_thread(self, quiet: list[threading.Thread]) -> None:
        quiet.append(threading.Thread())

        assert not reader._may_copy()

    def test_none_where_copies_of_processes_are_unsound(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")

        assert not reader._may_copy()


ENDLESS = """
import os, sys, time
from petiole.adapters.system import read_ahead, reader

def pages():
    yield from range(reader.FEW_PAGES)
    print(os.getpid(), flush=True)
    time.sleep(600)

reader._may_copy = lambda: True
list(read_ahead(pages()))
"""


def test_copy_ends_with_a_process_that_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        copy = int(process.stdout.readline())
        assert copy != process.pid

        process.kill()
        # Both hold this pipe open: it ends when the last of them has.
        try:
            assert select.select([process.stdout], [], [], SOON) == ([process.stdout], [], [])
            assert process.stdout.read() == b""
        finally:
            with suppress(ProcessLookupError):
                os.kill(copy, signal.SIGKILL)

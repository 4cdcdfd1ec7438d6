"""A full disk: who queues is told, a running host waits and goes on by itself, nothing is lost."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from petiole.core.domain.change import ChangeKind, ProfileChange
from petiole.core.domain.events import Event, OutboxUnavailable
from petiole.core.errors import OutboxBusy
from petiole.host import Host
from tests.crash.shell import petiole, running_host
from tests.crash.story import NAME, SEGMENT, Lane, Stage, Story
from tests.crash.victim import run
from tests.crash.waiting import wait_for
from tests.crash.witness import Twin, check_end, check_order, repeated, under_way

DISK_BYTES = 4_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of a few megabytes in memory, which needs leave to mount."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "petiole-test", str(place)]
    try:
        mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def story(stage: Stage, twin: Twin) -> Story:
    story = stage(Lane.BATCH)
    twin.control("faults", {"rules": []})
    return story


def fill(disk: Path) -> Path:
    """Take all the room that is left."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1_024))
    return ballast


def test_producer_is_told_and_nothing_is_half_queued(small_disk: Path, story: Story) -> None:
    story = replace(story, folder=small_disk)
    story.write_settings()
    rows = "".join(f"{profile},1\n" for profile in range(20_000))
    (story.folder.parent / "all.csv").write_text(f"id,number\n{rows}", encoding="utf-8")
    sync = ("sync", NAME, "../all.csv", "--segment", "4711", "--key", "id", "--queue-only")
    assert petiole(small_disk, "status").code == 0
    ballast = fill(small_disk)

    refused = petiole(small_disk, *sync)
    ballast.unlink()
    after = petiole(small_disk, "status", "--json")

    assert refused.code == 1
    assert "petiole.db" in refused.err
    assert "room" in refused.err or "space" in refused.err
    assert "Traceback" not in refused.err
    assert '"balanced": true' in after.out
    assert under_way(story) == set()


def test_running_host_waits_for_room_and_goes_on_by_itself(
    small_disk: Path, story: Story, twin: Twin
) -> None:
    story = replace(story, folder=small_disk, max_in_flight=2)
    story.write_settings()
    twin.control("settings", {"latency_ms": 100})
    assert run(None, story.queue) == 0

    with running_host(small_disk) as host:
        wait_for(lambda: len(twin.calls) >= 2)
        ballast = fill(small_disk)
        host.await_words("no space is left")
        status = petiole(small_disk, "status", "--json")
        ballast.unlink()
        wait_for(lambda: len(twin.arrivals) >= story.changes)
        code = host.end()

    assert (code, status.code) == (0, 0)
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == {}


class Helper:
    """Makes room when told that there is none."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.host: Host | None = None

    def limit(self, pages: int) -> None:
        assert self.host is not None
        database = self.host.container.store().outbox._database
        database.tables.conn.execute(f"PRAGMA max_page_count = {pages}").close()

    def notify(self, event: Event) -> None:
        if isinstance(event, OutboxUnavailable):
            self.told.append(event.reason)
            self.limit(1_000_000)


def heavy_changes(host: Host) -> Iterator[ProfileChange]:
    fields = {"number": "x" * 3_000}
    for profile in range(99):
        yield host.change(NAME, ChangeKind.ADD, str(profile), segment=SEGMENT, fields=fields)


def test_delivery_goes_on_when_the_file_may_grow_again(
    monkeypatch: pytest.MonkeyPatch, story: Story, twin: Twin
) -> None:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", twin.sandbox.token)
    assert run(None, story.queue) == 0
    helper = Helper()

    with Host.open(story.settings(), observer=helper) as host:
        helper.host = host
        host.open_sinks()
        helper.limit(1)
        with pytest.raises(OutboxBusy):
            host.submit(heavy_changes(host))
        host.run_once(flush=True)

    assert len(helper.told) == 1
    assert "no space is left" in helper.told[0]
    check_end(story, twin)
    check_order(story, twin.arrivals)
    assert repeated(twin.arrivals) == {}

"""The pytest plugin: there when it is asked for, out of the way otherwise."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.ports.outbox import Outbox
from petiole.host import Host
from petiole.testing import MemoryPlatform, Trouble, pytest_plugin
from petiole.testing.changes import change
from tests.testing.runs import run_pytest

HEAVY = ("dependency_injector", "httpx", "pydantic", "sqlite_utils", "zeep", "petiole.core.domain")
NEWSLETTER, SEGMENT = ConnectionName("newsletter"), SegmentId("4711")


def test_plugin_is_installed() -> None:
    [entry] = [entry for entry in entry_points(group="pytest11") if entry.name == "petiole"]

    assert entry.load() is pytest_plugin


def test_loading_it_loads_nothing_heavy() -> None:
    code = (
        "import json, sys, petiole.testing.pytest_plugin\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )

    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout

    assert json.loads(told) == []


def test_nobody_is_disturbed_who_does_not_ask(tmp_path: Path) -> None:
    module = (
        "import pytest, sys\n"
        "@pytest.fixture\n"
        "def clock(): return 'my own'\n"
        "def test_own_fixture_goes_first(clock): assert clock == 'my own'\n"
        "OURS = {'outbox', 'platform', 'host', 'petiole_connections'}\n"
        "def test_nothing_was_made(request): assert not OURS.intersection(request.fixturenames)\n"
        "def test_nothing_was_imported(): assert 'petiole.core.domain' not in sys.modules\n"
    )
    (tmp_path / "test_mine.py").write_text(module, encoding="utf-8")

    run = run_pytest("-q", folder=tmp_path)

    assert "3 passed" in run.stdout, run.stdout


def test_clock_stands_still(clock: FrozenClock) -> None:
    before = clock.now()

    clock.advance(timedelta(days=1))

    assert clock.now() - before == timedelta(days=1)


def test_outbox_goes_by_the_clock(outbox: Outbox, clock: FrozenClock) -> None:
    outbox.enqueue([change(1)], folding=True)

    assert outbox.backlog(NEWSLETTER, BatchPolicy()).oldest_enqueued_at == clock.now()


def test_host_delivers_to_the_platform(host: Host, platform: MemoryPlatform) -> None:
    added = host.change("newsletter", ChangeKind.ADD, "7", segment="4711", fields={"city": "Delft"})
    host.submit([added])

    host.run_once(flush=True)

    assert platform.held(SEGMENT) == {platform.identifier(7): {"city": "Delft"}}


def test_host_runs_in_virtual_time(
    host: Host, platform: MemoryPlatform, clock: FrozenClock
) -> None:
    before = clock.now()
    platform.meet(Trouble.BUSY)

    result = host.sync("newsletter", [{"id": "7"}], segment="4711", key="id")

    assert result.run is not None
    assert result.run.delivered[ChangeKind.ADD] == 1
    assert clock.now() - before >= timedelta(seconds=30)


class TestOwnConnections:
    @pytest.fixture
    def petiole_connections(self) -> Mapping[str, object]:
        return {"shop": {"plugin": "memory", "identifier": "hashed-email"}}

    def test_host_has_the_connections_that_it_is_given(self, host: Host) -> None:
        assert [status.name for status in host.status()] == ["shop"]

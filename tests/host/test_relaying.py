"""A host delivers through the sinks as they are now, until it is stopped or closed."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from petiole.adapters.memory import FrozenClock, MemorySink
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import MessageState
from petiole.core.errors import AudienceError, ConfigurationError, PortNotBound, Unavailable
from petiole.host import Condition, Host, Settings
from petiole.testing import ThrowawayPlugin
from petiole.testing.platform import MemoryPlatform

ROWS = [{"id": "1", "city": "Delft"}, {"id": "2", "city": "Gent"}]


def sync(host: Host, count: int = 2) -> bool:
    return host.sync("newsletter", ROWS[:count], segment="4711", key="id").complete


def test_sink_that_is_swapped_after_the_first_use_gets_what_comes_then(
    host: Host, platform: MemoryPlatform
) -> None:
    sync(host, 1)
    sink = MemorySink()

    host.container.sinks.override({"newsletter": sink})
    sync(host)

    assert len(platform.sink.profiles) == 1
    assert len(sink.profiles) == 1


@pytest.mark.parametrize(
    ("sinks", "told"),
    [
        ({}, "no sink for connection 'newsletter'"),
        ({"newsletter": object()}, "for connection 'newsletter' is a object, no ProfileSink"),
        ({"newsletter": MemorySink(), "other": MemorySink()}, "'other', a connection that this"),
        (MemorySink(), "sinks go by connection, {name: sink}; overridden with a MemorySink"),
    ],
)
@pytest.mark.parametrize("used", [False, True])
def test_sinks_that_do_not_fit_are_refused_before_anything_is_queued(
    host: Host, sinks: Mapping[str, object] | MemorySink, told: str, *, used: bool
) -> None:
    if used:
        sync(host, 1)
    host.container.sinks.override(sinks)

    with pytest.raises(PortNotBound) as refused:
        sync(host)
    with pytest.raises(PortNotBound):
        host.run_once()

    assert told in str(refused.value)
    assert host.status()[0].tally[MessageState.PENDING] == 0


def test_stopped_host_works_again(host: Host, platform: MemoryPlatform) -> None:
    thread = Thread(target=host.stop)

    def not_yet() -> bool:
        if thread.ident is None:
            thread.start()
        return False

    host.run(until=not_yet)
    thread.join()

    assert sync(host)
    assert len(platform.sink.profiles) == 2


def test_request_to_stop_that_comes_early_is_not_lost(host: Host, platform: MemoryPlatform) -> None:
    host.stop()

    host.run()

    assert sync(host)
    assert len(platform.sink.profiles) == 2


def test_request_to_stop_opens_nothing(tmp_path: Path) -> None:
    connections = {"shop": {"plugin": "gone", "identifier": "customer-id"}}
    settings = Settings.model_validate({"directory": tmp_path, "connections": connections})

    with Host.open(settings) as host:
        host.stop()

    assert list(tmp_path.iterdir()) == []


USES: Mapping[str, Callable[[Host], object]] = {
    "change": lambda host: host.change("newsletter", ChangeKind.ADD, "1", segment="4711"),
    "container": lambda host: host.container,
    "operations": lambda host: host.operations,
    "run": lambda host: host.run(),
    "run_once": lambda host: host.run_once(),
    "status": lambda host: host.status(),
    "sync": sync,
}


@pytest.mark.parametrize("use", USES)
def test_closed_host_says_so(tmp_path: Path, use: str) -> None:
    shop = ThrowawayPlugin("shop", MemorySink())
    connections = {"newsletter": {"plugin": "shop", "identifier": "customer-id"}}
    settings = Settings.model_validate({"directory": tmp_path, "connections": connections})
    with Host.open(settings) as host:
        host.container.plugins().register(shop.manifest, shop)
        sync(host)
    host.stop()

    with pytest.raises(ConfigurationError, match="this host is closed"):
        USES[use](host)


def test_row_that_is_no_mapping_is_named(host: Host) -> None:
    rows: list[object] = [ROWS[0], ("id", "5")]

    with pytest.raises(AudienceError, match="row 2 of rows is a tuple, not a mapping of columns"):
        host.sync("newsletter", rows, segment="4711", key="id")  # type: ignore[arg-type]

    assert host.status()[0].tally[MessageState.PENDING] == 0


def test_sync_waits_no_longer_than_it_is_told_to(
    host: Host, platform: MemoryPlatform, clock: FrozenClock
) -> None:
    for call in range(1, 200):
        platform.sink.fail(call, Unavailable("down", code="503"))
    began = clock.now()

    result = host.sync("newsletter", ROWS, segment="4711", key="id", patience=timedelta())

    assert result.run is not None
    assert not result.complete
    assert result.run.statuses[0].condition is Condition.RETRYING
    assert clock.now() == began

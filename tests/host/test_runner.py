"""The host on swapped adapters: virtual time, a sink in memory, the durable outbox."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dependency_injector import providers

from petiole.adapters.memory import FrozenClock, InlineWorkers, MemoryAudience, MemorySink
from petiole.adapters.system import ThreadWorkers
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.reading import Refusals
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange, SegmentId
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageState
from petiole.core.errors import InvalidCredentials, InvalidSettings
from petiole.host import Host
from petiole.host.observers import DeliveryCount
from petiole.host.planning import SyncInput
from petiole.host.registry import Registry
from petiole.host.settings import ConnectionSettings, Settings

NAME = ConnectionName("newsletter")
TASK = SyncInput(connection=NAME, segment=SegmentId("4711"), key="id")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def settings(folder: Path, **more: object) -> Settings:
    """One connection, and more settings of it."""
    connection = {
        "plugin": "canopydeploy",
        "endpoint": "https://example.org/receiver",
        "token": {"env": "NOT_NEEDED_HERE"},
        "identifier": "customer-id",
    }
    return Settings.model_validate({"connections": {NAME: connection | more}, "directory": folder})


@contextmanager
def hosted(
    folder: Path, clock: FrozenClock, sink: MemorySink, observer: DeliveryCount | None = None
) -> Iterator[Host]:
    """Open a host whose time is frozen and whose platform is in memory; the outbox is real."""
    with Host.open(settings(folder), [NAME], observer=observer) as host:
        host.container.clock.override(providers.Object(clock))
        host.container.sinks.override(providers.Object({NAME: sink}))
        host.container.workers.override(providers.Object(InlineWorkers[Delivery](clock)))
        yield host


def changes(host: Host, numbers: range) -> Iterator[ProfileChange]:
    for number in numbers:
        fields = Fields.of({"n": number})
        yield ProfileChange(
            scope=host.planning.scope(TASK.connection, TASK.segment),
            identifier=Identifier.customer_id(f"c-{number}"),
            kind=ChangeKind.ADD,
            occurred_at=START,
            fields=fields,
            fingerprint=fields.fingerprint,
        )


def test_37_changes_and_silence_are_sent_20_minutes_later(tmp_path: Path) -> None:
    clock, sink = FrozenClock(START), MemorySink()
    last_look = START + timedelta(minutes=21)

    with hosted(tmp_path, clock, sink) as host:
        host.submit(changes(host, range(37)))
        host.run(until=lambda: bool(sink.deliveries) or clock.now() > last_look)

    assert [len(batch) for batch in sink.deliveries] == [37]
    assert clock.now() == START + timedelta(minutes=20)


def test_age_survives_a_restart_of_the_host(tmp_path: Path) -> None:
    clock, sink = FrozenClock(START), MemorySink()
    with hosted(tmp_path, clock, sink) as host:
        host.submit(changes(host, range(37)))
        host.run(until=lambda: clock.now() >= START + timedelta(minutes=13))
    assert not sink.deliveries

    with hosted(tmp_path, clock, sink) as host:
        host.run(until=lambda: bool(sink.deliveries))

    assert clock.now() == START + timedelta(minutes=20)
    assert [len(batch) for batch in sink.deliveries] == [37]


def test_full_batches_go_at_once_and_the_rest_waits(tmp_path: Path) -> None:
    clock, sink = FrozenClock(START), MemorySink()

    with hosted(tmp_path, clock, sink) as host:
        host.submit(changes(host, range(250)))
        host.run(until=lambda: clock.now() >= START + timedelta(minutes=1))
        (status,) = host.status()

    assert [len(batch) for batch in sink.deliveries] == [100, 100]
    assert status.tally[MessageState.PENDING] == 50
    assert status.tally.balanced


def test_kind_that_the_plugin_does_not_carry_is_refused_before_anything_is_queued(
    tmp_path: Path,
) -> None:
    clock, sink = FrozenClock(START), MemorySink()
    everybody, half = [{"id": "1"}, {"id": "2"}], [{"id": "1"}]
    with hosted(tmp_path, clock, sink) as host:
        host.container.registry.override(providers.Object(AddsOnly(host.container.plugins())))
        with (
            host.planning.open(TASK, MemoryAudience(everybody), Refusals()) as snapshot,
            host.planning.plan(snapshot, mirror=True) as plan,
        ):
            host.submit_plan(TASK, plan)
        host.deliver(flush=True, until=lambda: False)

        with (
            host.planning.open(TASK, MemoryAudience(half), Refusals()) as snapshot,
            host.planning.plan(snapshot, mirror=True) as plan,
            pytest.raises(InvalidSettings, match="cannot remove profiles"),
        ):
            host.submit_plan(TASK, plan)
        (status,) = host.status()

    assert status.tally.enqueued == 2


class AddsOnly(Registry):
    """A registry whose sinks carry additions only."""

    def kinds(self, name: ConnectionName, settings: ConnectionSettings) -> Sequence[ChangeKind]:
        return [ChangeKind.ADD]


def test_one_trouble_is_counted_once(tmp_path: Path) -> None:
    clock, sink, counted = FrozenClock(START), MemorySink(), DeliveryCount()
    sink.fail(1, InvalidCredentials("the token was refused", code="401"))

    with hosted(tmp_path, clock, sink, counted) as host:
        host.submit(changes(host, range(5)))
        host.deliver(flush=True, until=lambda: False)

    assert counted.trouble == {"401: the token was refused": 1}
    assert (counted.deferred, counted.buried) == (5, {})


@pytest.mark.parametrize(
    ("more", "prompt"), [({"on_doubt": "park"}, [NAME]), ({"max_in_flight": 1}, [NAME]), ({}, [])]
)
def test_nothing_waits_for_a_thread_where_no_more_is_claimed_than_is_sent(
    tmp_path: Path, more: dict[str, object], prompt: list[ConnectionName]
) -> None:
    with Host.open(settings(tmp_path, **more), [NAME]) as host:
        host.container.sinks.override(providers.Object({NAME: MemorySink()}))
        workers = host.container.workers()

    assert isinstance(workers, ThreadWorkers)
    assert workers._prompt == prompt

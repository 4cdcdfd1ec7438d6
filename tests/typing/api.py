"""Code as somebody writes it who has installed petiole: never run, but checked by mypy --strict."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_type

import pytest
from pydantic import BaseModel

from petiole.adapters.memory import FrozenClock, MemorySink
from petiole.core.domain.change import ChangeKind, ProfileChange, SegmentId
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Accepted, Deferred, DeliveryReport, Rejected
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import DeliveryError, Throttled
from petiole.core.ports.clock import Clock
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Duration, Secret, hookimpl
from petiole.host import ConnectionStatus, Host, RunResult, Settings, SyncResult, load_settings
from petiole.testing import (
    MemoryPlatform,
    ProfileSinkContract,
    SinkStand,
    ThrowawayPlugin,
    keeps,
)


class AcmeSettings(BaseModel):
    """A plugin's keys."""

    url: str
    token: Secret
    timeout: Duration = timedelta(seconds=30)


class AcmeSink:
    """A sink that inherits from nothing of petiole's."""

    def __init__(self, settings: AcmeSettings) -> None:
        assert_type(settings.token.reveal(), str)
        assert_type(settings.timeout, timedelta)

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Deliver."""
        for message in messages:
            assert_type(message.id, MessageId)
            assert_type(message.change, ProfileChange)
        return DeliveryReport({message.id: ACCEPTED for message in messages})


@contextmanager
def open_sink(context: AdapterContext[AcmeSettings]) -> Iterator[AcmeSink]:
    """Open it."""
    assert_type(context.settings, AcmeSettings)
    yield AcmeSink(context.settings)


@hookimpl
def petiole_provide_adapters() -> Sequence[AnyAdapterSpec]:
    """Offer it."""
    spec = AdapterSpec(id="acme.sink", port=ProfileSink, settings=AcmeSettings, open=open_sink)
    assert_type(spec, AdapterSpec[AcmeSettings, ProfileSink])
    return [spec]


def wait_of(error: DeliveryError) -> timedelta | None:
    """Read an error."""
    assert_type(error.code, str)
    assert_type(error.reason, str)
    return error.retry_after if isinstance(error, Throttled) else None


def told(report: DeliveryReport) -> None:
    """Read a report."""
    for id_, outcome in report.outcomes.items():
        assert_type(id_, MessageId)
        match outcome:
            case Accepted():
                pass
            case Rejected(code, reason):
                assert_type((code, reason), tuple[str, str])
            case Deferred(until):
                assert_type(until, datetime)


def program(path: Path, rows: list[Mapping[str, str]]) -> None:
    """Use petiole as a library."""
    settings = load_settings(path)
    assert_type(settings, Settings)
    with Host.open(settings) as host:
        assert_type(host, Host)
        change = host.change("newsletter", ChangeKind.ADD, "7", segment="4711", fields={"n": 1})
        assert_type(change, ProfileChange)
        assert_type(host.submit([change]), EnqueueReceipt)
        assert_type(host.run_once(flush=True), RunResult)
        result = host.sync("newsletter", rows, segment="4711", key="id", mirror=True)
        assert_type(result, SyncResult)
        assert_type(result.run, RunResult | None)
        assert_type(host.status(), Sequence[ConnectionStatus])
        threading.Timer(60, host.stop).start()
        host.run()
    with Host.open("petiole.toml", ["newsletter"]) as other:
        other.sync("newsletter", Path("customers.csv"), segment="4711", key="id", deliver=False)


def moment_of(clock: Clock) -> datetime:
    """Ask a clock, whichever."""
    return clock.now()


class TestAcme(ProfileSinkContract):
    """An author's suite."""

    @pytest.fixture
    def sink(self) -> ProfileSink:
        """Give the adapter."""
        return AcmeSink(AcmeSettings(url="https://example.org", token=Secret("env", "ACME_TOKEN")))

    @pytest.fixture
    def platform(self) -> MemoryPlatform:
        """Give the world behind it."""
        return MemoryPlatform(MemorySink())

    @keeps(ProfileSink.deliver, "in one request")
    def test_more(self, stand: SinkStand) -> None:
        """Look closer."""
        assert_type(stand.ceiling, int)
        stand.held(SegmentId("4711"))


def test_flow(host: Host, platform: MemoryPlatform, clock: FrozenClock, outbox: Outbox) -> None:
    """Take all fixtures."""
    assert_type(moment_of(clock), datetime)
    stand: SinkStand = platform
    plugin = ThrowawayPlugin("acme", stand.sink)
    host.container.plugins().register(plugin.manifest, plugin)
    host.container.outbox.override(outbox)

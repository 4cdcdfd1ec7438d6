"""The registry opens what a connection needs, and refuses what does not fit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from petiole.adapters.memory import MemorySink
from petiole.core.domain.change import ConnectionName
from petiole.core.errors import (
    ConfigurationError,
    InvalidSettings,
    PortNotBound,
    Unavailable,
    UnknownAdapter,
)
from petiole.core.ports.campaign_source import CampaignSource
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Manifest, hookimpl
from petiole.host.discovery import Plugins
from petiole.host.registry import Registry
from petiole.host.settings import ConnectionSettings

NAME = ConnectionName("newsletter")
MANIFEST = """\
id = "acme"
title = "Acme"
host_api = 1

[[adapters]]
id = "acme.sink"
port = "ProfileSink"
lane = "batch"
max_profiles = 50
kinds = ["add", "update"]
extra = "acme"
"""


class AcmeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    opens: str = "a sink"


class CarelessSettings(BaseModel):
    """Says nothing about unknown keys."""

    opens: str = "a sink"


class Acme:
    """A plugin whose sink opens as its settings say; notes what was closed."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    @contextmanager
    def open(self, context: AdapterContext[AcmeSettings]) -> Iterator[object]:
        match context.settings.opens:
            case "nothing":
                raise ImportError("no such module", name="acme_client")
            case "with a fault":
                raise RuntimeError("made-up-token")
            case "and leaves":
                raise SystemExit(0)
            case "too early":
                raise Unavailable("the platform is asleep")
            case "something else":
                yield object()
            case "and cannot close":
                yield MemorySink()
                raise RuntimeError("made-up-token")
            case "and swallows":
                with suppress(Exception):
                    yield MemorySink()
            case _:
                yield MemorySink()
                self.closed.append(context.connection)

    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        return [
            AdapterSpec(id="acme.sink", port=ProfileSink, settings=AcmeSettings, open=self.open)
        ]


class Offering:
    """A plugin whose sink is opened by what it is given."""

    def __init__(self, open_: Callable[..., Any], keys: type[BaseModel] = AcmeSettings) -> None:
        self._open = open_
        self._keys = keys

    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        return [AdapterSpec(id="acme.sink", port=ProfileSink, settings=self._keys, open=self._open)]


@pytest.fixture
def acme() -> Acme:
    return Acme()


@pytest.fixture
def registry(acme: Acme) -> Registry:
    plugins = Plugins([])
    plugins.register(Manifest.read(MANIFEST, origin="a test"), acme)
    return Registry(plugins)


def settings(**changes: object) -> ConnectionSettings:
    given = {"plugin": "acme", "identifier": "customer-id", "batch": {"max_profiles": 50}}
    return ConnectionSettings.model_validate({**given, **changes})


def test_adapter_is_open_inside_and_closed_after(registry: Registry, acme: Acme) -> None:
    with registry.open(ProfileSink, NAME, settings()) as sink:
        inside = list(acme.closed)

    assert isinstance(sink, MemorySink)
    assert inside == []
    assert acme.closed == [NAME]


def test_impostor_is_refused(registry: Registry) -> None:
    with (
        pytest.raises(PortNotBound, match="object, which is no ProfileSink"),
        registry.open(ProfileSink, NAME, settings(opens="something else")),
    ):
        pass


def test_missing_library_names_the_extra(registry: Registry) -> None:
    with (
        pytest.raises(ConfigurationError, match="needs acme_client; install the extra 'acme'"),
        registry.open(ProfileSink, NAME, settings(opens="nothing")),
    ):
        pass


def test_batch_beyond_the_ceiling_is_refused(registry: Registry) -> None:
    with (
        pytest.raises(InvalidSettings, match=r"is 51; acme\.sink takes at most 50"),
        registry.open(ProfileSink, NAME, settings(batch={"max_profiles": 51})),
    ):
        pass


@pytest.mark.parametrize(
    ("port", "lane", "told"),
    [
        (ProfileSink, "realtime", "no ProfileSink for lane 'realtime'"),
        (CampaignSource, "batch", "no CampaignSource"),
    ],
)
def test_what_the_plugin_does_not_offer_is_named(
    registry: Registry, port: type[object], lane: str, told: str
) -> None:
    with pytest.raises(UnknownAdapter, match=told), registry.open(port, NAME, settings(lane=lane)):
        pass


@pytest.mark.parametrize(
    ("opens", "told"),
    [
        (
            "with a fault",
            r"RuntimeError in host.test_registry\.py, line \d+; mend the connection's",
        ),
        ("and leaves", "SystemExit in "),
        ("too early", "the platform is asleep"),
    ],
)
def test_fault_of_opening_names_the_adapter_and_no_foreign_words(
    registry: Registry, opens: str, told: str
) -> None:
    with (
        pytest.raises(ConfigurationError, match=rf"acme\.sink cannot be opened: {told}") as refused,
        registry.open(ProfileSink, NAME, settings(opens=opens)),
    ):
        pass

    assert "made-up-token" not in str(refused.value)


def test_fault_of_closing_is_logged_and_changes_nothing(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    with registry.open(ProfileSink, NAME, settings(opens="and cannot close")) as sink:
        inside = sink

    assert isinstance(inside, MemorySink)
    assert "acme.sink: closing it failed: RuntimeError in host" in caplog.text
    assert "made-up-token" not in caplog.text


@pytest.mark.parametrize("opens", ["and cannot close", "and swallows"])
def test_error_of_the_work_outlives_the_closing(registry: Registry, opens: str) -> None:
    with (
        pytest.raises(Unavailable, match="down"),
        registry.open(ProfileSink, NAME, settings(opens=opens)),
    ):
        raise Unavailable("down")


def test_plain_function_is_told_how_to_become_a_context_manager() -> None:
    plugins = Plugins([])
    plugins.register(
        Manifest.read(MANIFEST, origin="a test"), Offering(lambda context: MemorySink())
    )

    with (
        pytest.raises(ConfigurationError, match="gave a MemorySink, no context manager"),
        Registry(plugins).open(ProfileSink, NAME, settings()),
    ):
        pass


def test_misspelt_key_is_refused_also_where_the_model_would_pass_over_it() -> None:
    plugins = Plugins([])
    careless = Offering(lambda context: nullcontext(MemorySink()), CarelessSettings)
    plugins.register(Manifest.read(MANIFEST, origin="a test"), careless)

    with (
        pytest.raises(InvalidSettings, match=r"unknown key 'open'; did you mean 'opens'"),
        Registry(plugins).open(ProfileSink, NAME, settings(open="something else")),
    ):
        pass


def test_kinds_are_those_of_the_manifest(registry: Registry) -> None:
    assert list(registry.kinds(NAME, settings())) == ["add", "update"]

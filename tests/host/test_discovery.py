"""Plugins are found by entry point and manifest; a bad one is told about and skipped."""

import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import click
import pytest

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import MessagesDelivered
from petiole.core.errors import ConfigurationError, UnknownAdapter
from petiole.hooks import Manifest
from petiole.host.discovery import FoundPlugin, Plugins, find_plugins

MANIFEST = """\
id = "acme"
title = "Acme mail"
host_api = 1

[[adapters]]
id = "acme.sink"
port = "ProfileSink"
lane = "batch"
"""

CODE = """\
from contextlib import nullcontext

from pydantic import BaseModel

from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterSpec, hookimpl


class Settings(BaseModel):
    pass


@hookimpl
def petiole_provide_adapters():
    return [
        AdapterSpec(
            id="acme.sink", port=ProfileSink, settings=Settings, open=lambda context: nullcontext()
        )
    ]
"""

Install = Callable[..., None]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def install(site: Path) -> Install:
    """Write a distribution as an installer would: a package and its metadata."""

    def write(
        *, name: str = "acme", manifest: str | None = MANIFEST, code: str = CODE, module: str = ""
    ) -> None:
        module = module or f"petiole_test_{name.replace('-', '_')}"
        sys.modules.pop(module, None)
        info = site / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[petiole]\n{name} = {module}\n")
        if manifest is not None:
            (info / "extra_metadata").mkdir()
            (info / "extra_metadata" / "plugin.toml").write_text(manifest)
        (site / f"{module}.py").write_text(code)

    return write


def found(site: Path) -> list[FoundPlugin]:
    return list(find_plugins(distributions(path=[str(site)])))


def test_good_plugin_loads_and_offers_its_adapter(site: Path, install: Install) -> None:
    install()

    plugins = Plugins(found(site))
    manifest = plugins.load("acme")

    assert manifest.title == "Acme mail"
    assert [spec.id for spec in plugins.adapters("acme")] == ["acme.sink"]


def test_manifest_is_read_without_importing_the_plugin(site: Path, install: Install) -> None:
    install(code="raise RuntimeError('imported')")

    (plugin,) = found(site)

    assert plugin.error == ""
    assert plugin.manifest is not None
    assert plugin.version == "1.2"


def test_manifest_beside_the_package_is_read_where_metadata_has_none(
    site: Path, install: Install
) -> None:
    install(manifest=None, module="petiole_test_beside.plugin")
    package = site / "petiole_test_beside"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "plugin.toml").write_text(MANIFEST)

    (plugin,) = found(site)

    assert plugin.name == "acme"


@pytest.mark.parametrize(
    ("manifest", "code", "told"),
    [
        (MANIFEST, "import does_not_exist_anywhere", "ModuleNotFoundError"),
        (MANIFEST, "1/0", "ZeroDivisionError"),
        (
            MANIFEST,
            CODE.replace("def petiole_provide_adapters()", "def petiole_provide_adaptors()"),
            "petiole_provide_adaptors",
        ),
        (
            MANIFEST,
            CODE.replace("petiole_provide_adapters()", "petiole_provide_adapters(nonsense)"),
            "nonsense",
        ),
        (MANIFEST, CODE.replace("acme.sink", "acme.other"), "acme.other"),
        (MANIFEST, CODE.replace("return [", "raise RuntimeError('no') or ["), "RuntimeError"),
        (MANIFEST.replace("host_api = 1", "host_api = 7"), CODE, "host API 7"),
        (MANIFEST + "\ncolour = 'red'\n", CODE, "colour"),
        (MANIFEST.replace('title = "Acme mail"', ""), CODE, "title"),
        ("id = ", CODE, "not valid TOML"),
        (None, CODE, "no plugin.toml"),
    ],
)
def test_bad_plugin_is_told_about_and_the_rest_load(
    site: Path, install: Install, manifest: str | None, code: str, told: str
) -> None:
    install(name="acme", manifest=manifest, code=code)
    install(
        name="zeta",
        manifest=MANIFEST.replace("acme", "zeta"),
        code=CODE.replace("acme", "zeta"),
    )

    bad, good = Plugins(found(site)).load_all()

    assert told in bad.error
    assert good.error == ""


def test_bad_plugin_says_so_when_a_connection_asks_for_it(site: Path, install: Install) -> None:
    install(code="1/0")
    plugins = Plugins(found(site))

    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"'acme'.*ZeroDivisionError"):
            plugins.load("acme")


def test_id_taken_twice_disables_both_and_names_both(site: Path, install: Install) -> None:
    install(name="acme")
    install(name="acme-fork")

    twins = found(site)

    assert len(twins) == 2
    for twin in twins:
        assert "acme and acme-fork" in twin.error


def test_unknown_plugin_names_those_that_are_there(site: Path, install: Install) -> None:
    install()

    with pytest.raises(UnknownAdapter, match="installed are: acme"):
        Plugins(found(site)).load("acne")


def test_plugin_object_registers_on_a_fresh_host() -> None:
    class Plugin:
        """A plugin that implements no hook at all."""

    plugins = Plugins([])

    plugins.register(
        Manifest.read('id = "mine"\ntitle = ""\nhost_api = 1\nadapters = []', origin="a test"),
        Plugin(),
    )

    assert plugins.load("mine").id == "mine"
    assert plugins.adapters("mine") == []


EXTRAS = """\
from petiole.hooks import hookimpl

told = []


@hookimpl
def petiole_delivered(event):
    told.append(event)


@hookimpl
def petiole_register_commands(cli):
    @cli.command("acme")
    def acme():
        pass
"""

EXTRAS_MANIFEST = 'id = "acme"\ntitle = "Acme"\nhost_api = 1\nadapters = []\n'


def test_plugin_that_observes_is_told_though_no_connection_names_it(
    site: Path, install: Install
) -> None:
    install(manifest=EXTRAS_MANIFEST + "observes = true\n", code=EXTRAS)
    plugins = Plugins(found(site))
    event = MessagesDelivered(connection=ConnectionName("newsletter"), messages=())

    plugins.load_observers()
    plugins.delivered(event)

    assert sys.modules["petiole_test_acme"].told == [event]


def test_plugin_that_declares_a_command_adds_it_when_it_is_called(
    site: Path, install: Install
) -> None:
    install(manifest=EXTRAS_MANIFEST + 'commands = ["acme"]\n', code=EXTRAS)
    plugins = Plugins(found(site))
    group = click.Group()

    plugins.register_commands("other", group)
    before = set(group.commands)
    plugins.register_commands("acme", group)

    assert before == set()
    assert set(group.commands) == {"acme"}

"""Plugins are found by entry point and manifest; a bad one is told about and skipped."""

import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from shutil import copytree
from types import ModuleType

import click
import pytest

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import MessagesDelivered
from petiole.core.errors import ConfigurationError, UnknownAdapter
from petiole.hooks import Manifest, hookimpl, specs
from petiole.hooks.markers import hookspec
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

EXTRAS_MANIFEST = 'id = "acme"\ntitle = "Acme"\nhost_api = 1\nadapters = []\n'

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
        (MANIFEST, "raise SystemExit(2)", "SystemExit: 2"),
        (MANIFEST, CODE.replace("BaseModel)", "dict)"), "no pydantic model"),
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


def test_what_a_plugin_prints_does_not_mix_with_our_output(
    site: Path, install: Install, capsys: pytest.CaptureFixture[str]
) -> None:
    talking = CODE.replace("    return [", "    print('asked')\n    return [")
    install(code=f"print('imported')\n{talking}")
    plugins = Plugins(found(site))

    plugins.load("acme")
    plugins.adapters("acme")

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == ["imported", "asked", "asked"]


def test_plugin_that_leaves_the_program_does_not_end_the_host(site: Path, install: Install) -> None:
    install(code="class Leave(BaseException): ...\nraise Leave(0)")

    with pytest.raises(ConfigurationError, match=r"'acme'.*Leave: 0"):
        Plugins(found(site)).load("acme")


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("petiole_test_bare", "a single module has no place for it: make petiole_test_bare a pack"),
        ("petiole_test_bare.plugin", "put it beside petiole_test_bare/__init__.py, and among the"),
    ],
)
def test_missing_manifest_is_told_with_the_place_for_it(
    site: Path, install: Install, module: str, told: str
) -> None:
    if "." in module:
        (site / "petiole_test_bare").mkdir()
        (site / "petiole_test_bare" / "__init__.py").write_text("")
    install(manifest=None, module=module)

    (plugin,) = found(site)

    assert told in plugin.error


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


def test_refused_twin_takes_no_id(site: Path, install: Install) -> None:
    install(name="acme")
    install(name="acme-fork", manifest=MANIFEST.replace("title", "titel"))

    plugins = Plugins(found(site))

    assert plugins.load("acme").title == "Acme mail"


def test_distribution_in_two_folders_is_taken_from_the_first(
    site: Path, install: Install, tmp_path: Path
) -> None:
    install()
    later = tmp_path / "later"
    copytree(site / "acme-1.2.dist-info", later / "acme-1.1.dist-info")
    metadata = later / "acme-1.1.dist-info" / "METADATA"
    metadata.write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.1\n")

    (plugin,) = find_plugins(distributions(path=[str(site), str(later)]))

    assert (plugin.version, plugin.error) == ("1.2", "")
    assert plugin.location == str(site)


def test_editable_plugin_comes_from_its_source(site: Path, install: Install) -> None:
    install()
    origin = '{"url": "file:///srv/acme%20mail", "dir_info": {"editable": true}}'
    (site / "acme-1.2.dist-info" / "direct_url.json").write_text(origin)

    (plugin,) = found(site)

    assert plugin.location == "/srv/acme mail"


@pytest.mark.parametrize("name", ["entry_points.txt", "METADATA", "direct_url.json"])
def test_distribution_that_is_broken_hides_no_other(
    site: Path, install: Install, name: str
) -> None:
    install(name="acme")
    install(name="zeta", manifest=MANIFEST.replace("acme", "zeta"))
    (site / "acme-1.2.dist-info" / name).write_bytes(b"[petiole]\n\xff no = = line\n nor this")

    plugins = {plugin.name: plugin for plugin in found(site)}

    assert plugins["zeta"].error == ""


def test_unknown_plugin_names_those_that_are_there(site: Path, install: Install) -> None:
    install()

    with pytest.raises(UnknownAdapter, match="installed are: acme"):
        Plugins(found(site)).load("acne")


def test_plugin_object_registers_on_a_fresh_host() -> None:
    class Plugin:
        """A plugin that implements no hook at all."""

    plugins = Plugins([])

    plugins.register(
        Manifest.read('id = "mine"\ntitle = "Mine"\nhost_api = 1\nadapters = []', origin="a test"),
        Plugin(),
    )

    assert plugins.load("mine").id == "mine"
    assert plugins.adapters("mine") == []


def test_plugin_object_takes_the_place_of_an_installed_one(site: Path, install: Install) -> None:
    install()
    plugins = Plugins(found(site))

    plugins.register(Manifest.read(EXTRAS_MANIFEST, origin="a test"), object())

    assert plugins.load("acme").title == "Acme"
    assert plugins.adapters("acme") == []


def test_loaded_plugin_keeps_its_place(site: Path, install: Install) -> None:
    install()
    plugins = Plugins(found(site))
    plugins.load("acme")

    with pytest.raises(ConfigurationError, match="acme"):
        plugins.register(Manifest.read(EXTRAS_MANIFEST, origin="a test"), object())

    assert plugins.load("acme").title == "Acme mail"


def test_plugin_that_fails_over_its_commands_is_told_about() -> None:
    class Clumsy:
        @hookimpl
        def petiole_register_commands(self, cli: click.Group) -> None:
            raise RuntimeError("not today")

    plugins = Plugins([])
    manifest = EXTRAS_MANIFEST + 'commands = ["acme"]\n'
    plugins.register(Manifest.read(manifest, origin="a test"), Clumsy())

    with pytest.raises(ConfigurationError, match="petiole_register_commands failed: RuntimeError"):
        plugins.register_commands("acme", click.Group())


class Bad:
    """A plugin that implements a hook that there is not."""

    @hookimpl
    def petiole_check_pending(self) -> None:
        """Never be called."""


def test_plugin_object_that_does_not_fit_leaves_no_trace() -> None:
    plugins = Plugins([])
    manifest = Manifest.read(EXTRAS_MANIFEST, origin="a test")

    for _ in range(2):
        with pytest.raises(ConfigurationError, match="unknown hook 'petiole_check_pending'"):
            plugins.register(manifest, Bad())

    assert plugins.found == []
    plugins.register(manifest, object())


class Watch:
    """A plugin that notes what it is told, or fails over it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.told: list[MessagesDelivered] = []

    @hookimpl
    def petiole_delivered(self, event: MessagesDelivered) -> None:
        self.told.append(event)
        if self.fails:
            raise RuntimeError("not today")


@pytest.mark.parametrize("bad", [0, 1, 2])
def test_plugin_that_fails_when_told_keeps_it_from_no_other(bad: int) -> None:
    plugins = Plugins([])
    watches = [Watch(fails=number == bad) for number in range(3)]
    for number, watch in enumerate(watches):
        manifest = EXTRAS_MANIFEST.replace("acme", f"acme{number}")
        plugins.register(Manifest.read(manifest, origin="a test"), watch)
    event = MessagesDelivered(connection=ConnectionName("newsletter"), messages=())

    plugins.delivered(event)

    assert [watch.told for watch in watches] == [[event]] * 3


@hookspec
def petiole_answered(event: object, campaign: str) -> None:
    """Be told what recipients did: a hook that a later generation may add."""


LATER = ModuleType("specs_of_generation_2")
vars(LATER).update(vars(specs), petiole_answered=petiole_answered)


def test_plugin_of_generation_1_works_on_a_host_of_generation_2(
    site: Path, install: Install
) -> None:
    install()

    plugins = Plugins(
        find_plugins(distributions(path=[str(site)]), host_apis={1, 2}), hookspecs=LATER
    )

    assert plugins.load("acme").host_api == 1
    assert [spec.id for spec in plugins.adapters("acme")] == ["acme.sink"]


def test_plugin_of_generation_2_is_refused_by_name_before_its_keys_are_read(
    site: Path, install: Install
) -> None:
    install(manifest=MANIFEST.replace("host_api = 1", "host_api = 2\nof_the_future = true"))

    (today,) = find_plugins(distributions(path=[str(site)]))
    (later,) = find_plugins(distributions(path=[str(site)]), host_apis={1, 2})

    assert "made for host API 2, this host speaks 1; upgrade petiole" in today.error
    assert "unknown key 'of_the_future'" in later.error


def test_plugin_that_is_too_old_asks_for_a_newer_one(site: Path, install: Install) -> None:
    install()

    (plugin,) = find_plugins(distributions(path=[str(site)]), host_apis={2, 3})

    assert "this host speaks 2 and 3; install a newer plugin" in plugin.error


@pytest.mark.parametrize(("mark", "loads_today"), [("", False), ("optionalhook=True", True)])
def test_optional_hook_serves_hosts_of_both_generations(
    site: Path, install: Install, mark: str, *, loads_today: bool
) -> None:
    install(code=f"{CODE}\n\n@hookimpl({mark})\ndef petiole_answered(event): ...\n")

    (today,) = Plugins(found(site)).load_all()
    (later,) = Plugins(found(site), hookspecs=LATER).load_all()

    assert (today.error == "") is loads_today
    assert later.error == ""


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

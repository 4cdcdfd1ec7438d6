"""`petiole check`: each step in a line, and an exit code for each kind of trouble."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from pydantic import BaseModel, ConfigDict

from petiole.adapters.memory import MemorySink
from petiole.core.errors import MissingSecret
from petiole.core.ports.diagnosis import Aspect, Diagnosis, Finding, Health
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Manifest, Secret, hookimpl
from petiole.host.cli import main
from petiole.host.cli.check import EXIT_CODES, exit_code
from petiole.host.discovery import Plugins
from petiole.host.inspection import diagnose
from petiole.host.registry import Registry
from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.e2e.project import TOKEN

Captured = pytest.CaptureFixture[str]


def finding(aspect: Aspect, health: Health) -> Finding:
    return Finding(aspect=aspect, health=health, subject="x", told="y")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", TOKEN)
    with running(token=TOKEN) as twin:
        yield twin


Configure = Callable[..., Path]


@pytest.fixture
def configure(tmp_path: Path, sandbox: Sandbox) -> Configure:
    def write(*, endpoint: str = sandbox.rest, soap: str = sandbox.soap, more: str = "") -> Path:
        path = tmp_path / "petiole.toml"
        path.write_text(
            '[connections.newsletter]\nplugin = "canopydeploy"\nidentifier = "customer-id"\n'
            f'endpoint = "{endpoint}"\nsoap_url = "{soap}"\n'
            f'token = {{ env = "CANOPYDEPLOY_TOKEN" }}\n{more}\n',
            encoding="utf-8",
        )
        return path

    return write


def check(path: Path, *more: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(["-c", str(path), "check", "newsletter", *more])
    return ended.value.code


def test_healthy_connection_is_told_step_by_step(configure: Configure, capsys: Captured) -> None:
    code = check(configure())

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert [line.split()[:2] for line in lines] == [
        ["ok", aspect]
        for aspect in (
            "settings",
            "secret",
            "settings",
            "name",
            "encryption",
            "address",
            "token",
            "interface",
            "token",
            "campaigns",
        )
    ]


def test_check_writes_nothing_anywhere(configure: Configure, sandbox: Sandbox) -> None:
    path = configure()

    check(path)

    totals = httpx.get(f"{sandbox.control}ledger", trust_env=False).json()["totals"]
    assert (totals["records"], totals["changes"], totals["quota_used"]) == (0, 0, 0)
    assert list(path.parent.iterdir()) == [path]


def test_machines_get_json(configure: Configure, capsys: Captured) -> None:
    code = check(configure(endpoint="http://127.0.0.1:9/gone"), "--json")

    document = json.loads(capsys.readouterr().out)
    assert code == EXIT_CODES[Aspect.ENCRYPTION]
    assert (document["connection"], document["health"]) == ("newsletter", "fail")
    (failed,) = (step for step in document["steps"] if step["health"] == "fail")
    assert failed["aspect"] == "encryption"
    assert "`endpoint`" in failed["remedy"]
    assert {step["remedy"] for step in document["steps"] if step["health"] == "ok"} == {None}


@pytest.mark.parametrize(
    ("change", "aspect"),
    [
        ({"more": 'portl = "login"'}, Aspect.SETTINGS),
        ({"more": 'lane = "never"'}, Aspect.SETTINGS),
        ({"endpoint": "http://127.0.0.1:9/hook"}, Aspect.ENCRYPTION),
        ({"endpoint": "unknown"}, Aspect.ADDRESS),
        ({"more": 'portal = "login"'}, Aspect.INTERFACE),
        ({"more": 'soap_version = "9.9"'}, Aspect.INTERFACE),
    ],
)
def test_first_trouble_decides_on_the_exit_code(
    configure: Configure, sandbox: Sandbox, change: dict[str, str], aspect: Aspect
) -> None:
    if change.get("endpoint") == "unknown":
        change = {"endpoint": f"{sandbox.rest}x"}

    assert check(configure(**change)) == EXIT_CODES[aspect]


def test_wrong_token_and_missing_secret_are_told_apart(
    configure: Configure, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", "another-token")
    wrong = check(configure())
    shown = capsys.readouterr().out

    monkeypatch.delenv("CANOPYDEPLOY_TOKEN")
    missing = check(configure())

    assert (wrong, missing) == (EXIT_CODES[Aspect.TOKEN], EXIT_CODES[Aspect.SECRET])
    assert "another-token" not in shown
    assert "set the environment variable CANOPYDEPLOY_TOKEN" in capsys.readouterr().out


def test_memberships_by_hash_are_a_trouble_with_the_settings(
    tmp_path: Path, sandbox: Sandbox, capsys: Captured
) -> None:
    path = tmp_path / "petiole.toml"
    path.write_text(
        '[connections.newsletter]\nplugin = "canopydeploy"\nlane = "realtime"\n'
        'identifier = "hashed-email"\ndelivery = "membership"\n'
        f'soap_url = "{sandbox.soap}"\ntoken = {{ env = "CANOPYDEPLOY_TOKEN" }}\n',
        encoding="utf-8",
    )

    code = check(path)

    assert code == EXIT_CODES[Aspect.SETTINGS]
    assert 'goes with identifier = "customer-id" only' in capsys.readouterr().out


def test_secret_with_a_space_in_it_is_a_trouble_with_the_secret(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", "Bearer made-up")

    assert check(configure()) == EXIT_CODES[Aspect.SECRET]


def test_missing_settings_file_is_a_trouble_with_the_settings(
    tmp_path: Path, capsys: Captured
) -> None:
    code = check(tmp_path / "petiole.toml")

    assert code == EXIT_CODES[Aspect.SETTINGS]
    assert "`petiole init` writes one" in capsys.readouterr().out


def test_every_kind_of_trouble_has_an_exit_code_of_its_own() -> None:
    codes = {exit_code([finding(aspect, Health.FAIL)]) for aspect in Aspect}

    assert len(codes) == len(Aspect)
    assert codes.isdisjoint({0, 1, 2, 3, 130})


def test_warnings_alone_have_an_exit_code_of_their_own() -> None:
    well, odd = finding(Aspect.NAME, Health.OK), finding(Aspect.TOKEN, Health.WARN)
    broken = finding(Aspect.CAMPAIGNS, Health.FAIL)

    assert exit_code([well]) == 0
    assert exit_code([well, odd]) == 3
    assert exit_code([well, odd, broken]) == EXIT_CODES[Aspect.CAMPAIGNS]


def test_help_tells_every_exit_code(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])

    told = capsys.readouterr().out
    assert all(f" {code} " in told for code in EXIT_CODES.values())


class Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Secret
    second: Secret


class Always:
    """A look that finds what it was told."""

    def __init__(self, *findings: Finding) -> None:
        self._findings = findings

    def findings(self) -> Iterator[Finding]:
        yield from self._findings


Look: TypeAlias = Callable[[], AbstractContextManager[Diagnosis]]
Opening: TypeAlias = Callable[[], AbstractContextManager[ProfileSink]]


class AcmePlugin:
    """A stranger's plugin, with a look of its own or without."""

    def __init__(self, look: Look | None, opening: Opening) -> None:
        self._look = look
        self._opening = opening

    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        def open_sink(context: AdapterContext[Keys]) -> AbstractContextManager[ProfileSink]:
            return self._opening()

        def open_look(context: AdapterContext[Keys]) -> AbstractContextManager[Diagnosis]:
            assert self._look is not None
            return self._look()

        sink = AdapterSpec(id="acme.sink", port=ProfileSink, settings=Keys, open=open_sink)
        look = AdapterSpec(id="acme.look", port=Diagnosis, settings=Keys, open=open_look)
        return [sink, look] if self._look else [sink]


def memory_sink() -> AbstractContextManager[ProfileSink]:
    return nullcontext(MemorySink())


def acme(look: Look | None, opening: Opening = memory_sink) -> Registry:
    adapters = ["[[adapters]]\nid='acme.sink'\nport='ProfileSink'\nlane='batch'\n"]
    if look:
        adapters.append("[[adapters]]\nid='acme.look'\nport='Diagnosis'\n")
    head = "id='acme'\ntitle='Acme'\nhost_api=1\n"
    plugins = Plugins([])
    plugins.register(
        Manifest.read(head + "".join(adapters), origin="test"), AcmePlugin(look, opening)
    )
    return Registry(plugins)


@pytest.fixture
def acme_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIRST", "made-up")
    monkeypatch.setenv("SECOND", "made-up")
    path = tmp_path / "petiole.toml"
    path.write_text(
        '[connections.mine]\nplugin = "acme"\nidentifier = "customer-id"\n'
        'first = { env = "FIRST" }\nsecond = { env = "SECOND" }\n',
        encoding="utf-8",
    )
    return path


def test_any_plugin_can_offer_its_own_look(acme_settings: Path) -> None:
    odd = finding(Aspect.ADDRESS, Health.WARN)

    found = list(diagnose(acme_settings, "mine", acme(lambda: nullcontext(Always(odd)))))

    assert [each.aspect for each in found] == [
        Aspect.SETTINGS,
        Aspect.SECRET,
        Aspect.SECRET,
        Aspect.SETTINGS,
        Aspect.ADDRESS,
    ]
    assert found[-1] is odd


def test_plugin_without_a_look_is_well(acme_settings: Path) -> None:
    found = list(diagnose(acme_settings, "mine", acme(None)))

    assert found[-1].aspect is Aspect.INTERFACE
    assert "the first delivery will tell" in found[-1].told
    assert exit_code(found) == 0


def test_sink_that_cannot_be_opened_is_a_trouble_with_the_settings(acme_settings: Path) -> None:
    def fail() -> AbstractContextManager[ProfileSink]:
        raise RuntimeError("made-up")

    never = finding(Aspect.ADDRESS, Health.OK)

    found = list(diagnose(acme_settings, "mine", acme(lambda: nullcontext(Always(never)), fail)))

    assert found[-1].health is Health.FAIL
    assert found[-1].told.startswith("acme.sink cannot be opened: RuntimeError in ")
    assert "made-up" not in found[-1].told
    assert exit_code(found) == EXIT_CODES[Aspect.SETTINGS]


def test_sink_is_closed_again(acme_settings: Path) -> None:
    steps: list[str] = []

    @contextmanager
    def opening() -> Iterator[ProfileSink]:
        steps.append("opened")
        yield MemorySink()
        steps.append("closed")

    list(diagnose(acme_settings, "mine", acme(None, opening)))

    assert steps == ["opened", "closed"]


def test_every_missing_secret_is_told_and_the_platform_is_left_alone(
    acme_settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIRST")
    monkeypatch.delenv("SECOND")
    never = finding(Aspect.ADDRESS, Health.OK)

    found = list(diagnose(acme_settings, "mine", acme(lambda: nullcontext(Always(never)))))

    assert [(each.subject, each.health) for each in found[1:]] == [
        ("first", Health.FAIL),
        ("second", Health.FAIL),
    ]


def test_look_that_cannot_be_opened_is_a_finding(acme_settings: Path) -> None:
    def fail() -> AbstractContextManager[Diagnosis]:
        raise MissingSecret("the secret is gone")

    found = list(diagnose(acme_settings, "mine", acme(fail)))

    assert (found[-1].aspect, found[-1].health) == (Aspect.SECRET, Health.FAIL)
    assert found[-1].told == "the secret is gone"

"""`petiole campaigns`: the list, as people and as machines read it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from petiole.host.cli import main
from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.e2e.project import TOKEN

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", TOKEN)
    with running(token=TOKEN) as twin:
        yield twin


@pytest.fixture
def config(tmp_path: Path, sandbox: Sandbox) -> Path:
    """Settings with a connection in either lane."""
    shared = (
        f'plugin = "canopydeploy"\nidentifier = "customer-id"\nsoap_url = "{sandbox.soap}"\n'
        'token = { env = "CANOPYDEPLOY_TOKEN" }\n'
    )
    path = tmp_path / "petiole.toml"
    path.write_text(
        f'[connections.newsletter]\nendpoint = "{sandbox.rest}"\n{shared}'
        f'[connections.alerts]\nlane = "realtime"\n{shared}',
        encoding="utf-8",
    )
    return path


def petiole(*arguments: str | Path) -> object:
    """Run the command line here, and tell its exit code."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.mark.parametrize("connection", ["newsletter", "alerts"])
def test_campaigns_are_listed_for_either_lane(
    config: Path, capsys: Captured, connection: str
) -> None:
    code = petiole("-c", config, "campaigns", connection)

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert lines[0].split() == ["id", "name"]
    assert "4711  Spring rebookers" in {line.strip() for line in lines}


def test_machines_get_json(config: Path, capsys: Captured) -> None:
    code = petiole("-c", config, "campaigns", "newsletter", "--json")

    listed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert {"id": "4711", "name": "Spring rebookers"} in listed
    assert [campaign["name"] for campaign in listed] == sorted(
        campaign["name"] for campaign in listed
    )


def test_listing_needs_no_outbox(config: Path) -> None:
    petiole("-c", config, "campaigns", "newsletter")

    assert list(config.parent.iterdir()) == [config]


def test_refused_token_is_one_line_that_names_the_next_step(
    config: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANOPYDEPLOY_TOKEN", "another-token")

    code = petiole("-c", config, "campaigns", "newsletter")

    shown = capsys.readouterr()
    assert code == 1
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert "Invalid credentials: " in shown.err
    assert "petiole check newsletter" in shown.err


def test_unknown_key_is_refused_with_the_nearest(config: Path, capsys: Captured) -> None:
    config.write_text(config.read_text(encoding="utf-8") + 'portl = "login"\n', encoding="utf-8")

    code = petiole("-c", config, "campaigns", "alerts")

    assert code == 1
    assert "did you mean 'portal'?" in capsys.readouterr().err

"""The pages tell the truth: every hook and key is there, the examples run, no link is dead."""

import re
import tomllib
from inspect import getmembers, isfunction
from pathlib import Path
from types import ModuleType

import pytest

from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.core import ports
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.identity import IdentifierType
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import Manifest, specs
from petiole.host.discovery import Plugins
from petiole.host.intake_settings import (
    JsonlSettings,
    PullSettings,
    WebhookSettings,
    WebSettings,
)
from petiole.host.registry import Registry
from petiole.host.settings import (
    BatchSettings,
    ConnectionSettings,
    OutboxSettings,
    RetrySettings,
    Settings,
)
from tests.repository import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    """Take the code blocks of a language out of a page."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))

    missing = [link for link in links if not (page.parent / link).exists()]

    assert missing == []


def test_every_hook_is_documented() -> None:
    hooks = [name for name, _ in getmembers(specs, isfunction) if name.startswith("petiole_")]
    text = (DOCS / "plugins.md").read_text(encoding="utf-8")

    assert hooks
    assert [hook for hook in hooks if f"`{hook}`" not in text] == []


@pytest.mark.parametrize(
    ("prefix", "model"),
    [
        ("", OutboxSettings),
        ("", ConnectionSettings),
        ("batch.", BatchSettings),
        ("retry.", RetrySettings),
        ("pull.", PullSettings),
        ("jsonl.", JsonlSettings),
        ("webhook.", WebhookSettings),
        ("", WebSettings),
        ("", CanopyDeployBatchSettings),
        ("", CanopyDeployRealtimeSettings),
    ],
)
def test_every_key_is_documented(prefix: str, model: type[Settings]) -> None:
    text = (DOCS / "settings.md").read_text(encoding="utf-8")
    tables = {"batch", "retry", "pull", "keys", "options", "statuses"}
    fields = model.model_fields.items()

    keys = [prefix + (field.alias or name) for name, field in fields if name not in tables]

    assert [key for key in keys if f"`{key}`" not in text] == []


def test_plugin_on_the_page_loads_and_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    page = DOCS / "plugins.md"
    (code, *_) = blocks(page, "python")
    manifest = next(text for text in blocks(page, "toml") if "host_api" in text)
    plugin = ModuleType("acme_petiole")
    exec(compile(code, str(page), "exec"), vars(plugin))  # noqa: S102 - our own page
    monkeypatch.setenv("ACME_TOKEN", "made-up")
    plugins = Plugins([])
    plugins.register(Manifest.read(manifest, origin=page.name), plugin)
    settings = ConnectionSettings.model_validate(
        {
            "plugin": "acme",
            "identifier": IdentifierType.CUSTOMER_ID,
            "url": "https://example.org",
            "token": {"env": "ACME_TOKEN"},
        }
    )

    with Registry(plugins).open(ProfileSink, ConnectionName("mine"), settings) as sink:
        assert isinstance(sink, ProfileSink)


def test_settings_in_the_readme_are_valid(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "README.md", "toml")

    settings = Settings.model_validate(tomllib.loads(example) | {"directory": tmp_path})

    _, connection = settings.connection("newsletter")
    CanopyDeployBatchSettings.model_validate(connection.plugin_keys)


def test_ports_on_the_page_exist() -> None:
    text = (DOCS / "plugins.md").read_text(encoding="utf-8")
    (folder,) = ports.__path__
    code = "".join(path.read_text(encoding="utf-8") for path in Path(folder).glob("*.py"))

    named = re.findall(r"^\| `([A-Z]\w+)` \|", text, re.MULTILINE)

    assert named
    assert [name for name in named if f"class {name}(" not in code] == []

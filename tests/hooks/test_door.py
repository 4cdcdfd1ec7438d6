"""The plugin author's door: its names, its hooks, and a page for each hook."""

import re
from inspect import getmembers, isfunction, signature
from types import SimpleNamespace

import click
import pytest

from petiole import hooks
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import EngagementsStored, MessageBuried, MessagesDelivered
from petiole.core.domain.settlement import Bury
from petiole.core.errors import UnknownAdapter
from petiole.hooks import Manifest, hookimpl, specs
from petiole.host.discovery import Plugins
from petiole.testing.changes import change, messages
from tests.repository import ROOT

HOOKS = {name: hook for name, hook in getmembers(specs, isfunction) if name.startswith("petiole_")}
PAGE = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")


def test_door_offers_these_names_and_no_others() -> None:
    public = {name for name in vars(hooks) if not name.startswith("_")}

    assert hooks.__all__ == [
        "HOST_API",
        "AdapterContext",
        "AdapterSpec",
        "AnyAdapterSpec",
        "Duration",
        "Manifest",
        "ManifestAdapter",
        "Pace",
        "SandboxSpec",
        "Secret",
        "hookimpl",
    ]
    assert set(hooks.__all__) <= public


@pytest.mark.parametrize("name", HOOKS)
def test_hook_is_typed_and_documented_in_the_code(name: str) -> None:
    hook = HOOKS[name]

    untyped = [one for one in signature(hook).parameters if one not in hook.__annotations__]

    assert untyped == []
    assert "return" in hook.__annotations__
    assert hook.__doc__


@pytest.mark.parametrize("name", HOOKS)
def test_hook_has_a_section_with_its_signature_and_an_example(name: str) -> None:
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)

    assert section
    told = ", ".join(
        f"{one}: {HOOKS[name].__annotations__[one]}" for one in signature(HOOKS[name]).parameters
    )
    assert f"`{name}({told}) -> " in section[1]
    assert f"@hookimpl\ndef {name}(" in section[1]


def test_page_tells_of_no_hook_that_is_none() -> None:
    assert re.findall(r"^## `(\w+)`", PAGE, re.MULTILINE) == sorted(
        HOOKS, key=lambda name: HOOKS[name].__code__.co_firstlineno
    )


def test_every_hook_is_called_by_a_wrapper_of_its_own() -> None:
    called: list[str] = []
    plugin = SimpleNamespace()
    for name, hook in HOOKS.items():
        arguments = ", ".join(signature(hook).parameters)
        scope: dict[str, object] = {"called": called}
        exec(f"def {name}({arguments}): called.append({name!r}); return []", scope)  # noqa: S102 - of the names of hooks
        function = scope[name]
        assert callable(function)
        setattr(plugin, name, hookimpl(function))
    plugins = Plugins([])
    manifest = 'id = "mine"\ntitle = "Mine"\nhost_api = 1\nadapters = []\ncommands = ["mine"]'
    plugins.register(Manifest.read(manifest, origin="a test"), plugin)
    (message,) = messages([change(1)])
    newsletter = ConnectionName("newsletter")

    plugins.adapters("mine")
    with pytest.raises(UnknownAdapter):
        plugins.sandbox("mine")
    plugins.register_commands("mine", click.Group())
    plugins.delivered(MessagesDelivered(connection=newsletter, messages=(message,)))
    plugins.buried(
        MessageBuried(connection=newsletter, message=message, verdict=Bury(code="1", reason="no"))
    )
    plugins.engaged(EngagementsStored(connection=newsletter, engagements=()))

    assert sorted(called) == sorted(HOOKS)

"""Plugins are tried in processes of their own, whatever they do there."""

import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from petiole.host.installed import FoundPlugin, find_plugins
from petiole.host.probe import probe_all
from tests.dists.distribution import CODE, Dist


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def probed(site: Path, *, seconds: float = 30) -> dict[str, FoundPlugin]:
    found = find_plugins(distributions(path=[str(site)]))
    return {plugin.name: plugin for plugin in probe_all(found, seconds=seconds)}


def test_good_plugin_is_imported_elsewhere(site: Path) -> None:
    Dist().lay(site, id_="good")

    plugins = probed(site)

    assert plugins["good"].error == ""
    assert "stranger_good" not in sys.modules


def test_plugin_that_says_something_is_no_trouble(site: Path) -> None:
    Dist(code=f"print('hello')\n{CODE}").lay(site, id_="chatty")

    assert probed(site)["chatty"].error == ""


def test_plugin_that_never_comes_back_is_given_up(site: Path) -> None:
    Dist(code="import time\ntime.sleep(60)").lay(site, id_="slow")

    assert probed(site, seconds=1.5)["slow"].error == "loading it took longer than 1.5 seconds"


def test_plugin_that_ends_the_process_is_told_about_with_its_last_words(site: Path) -> None:
    code = "import os, sys\nsys.stderr.write('alas\\n')\nsys.stderr.flush()\nos._exit(7)"
    Dist(code=code).lay(site, id_="rude")

    assert probed(site)["rude"].error == "loading it ended the process with code 7: alas"


def test_refused_plugin_is_not_tried(site: Path) -> None:
    Dist(manifest=None, code="open('imported', 'w')").lay(site, id_="bare")

    assert "no plugin.toml" in probed(site)["bare"].error
    assert not (site / "imported").exists()


LISTING = """
import sys
from petiole.host.cli import main
try:
    main(["plugins", "--json"])
finally:
    loaded = {name for name in sys.modules if name.startswith(("httpx", "zeep", "lxml"))}
    loaded |= {name for name in sys.modules if "canopydeploy" in name}
    sys.stderr.write(repr(sorted(loaded)))
"""


def test_list_of_plugins_imports_no_code_of_theirs(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTING], cwd=site, capture_output=True, text=True, check=False
    )

    assert '"id": "canopydeploy"' in done.stdout
    assert done.stderr == "[]"

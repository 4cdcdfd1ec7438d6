"""Each kind of defect is refused in the documented words, and a good plugin beside them works."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.dists.distribution import CODE, MANIFEST, Dist
from tests.packaging.installation import Environment
from tests.repository import ROOT


def code(old: str, new: str) -> Dist:
    assert old in CODE
    return Dist(code=CODE.replace(old, new))


def manifest(old: str, new: str) -> Dist:
    assert old in MANIFEST
    return Dist(manifest=MANIFEST.replace(old, new))


HEAD = "from contextlib"
EXAMPLE = "example = '''\n[connections.mine]\nplugin = 'other'\n'''\n"
TITLE = 'title = "A plugin of a stranger"\n'

DISTS: Mapping[str, Dist] = {
    "a library is missing": code(HEAD, f"import acme_client\n{HEAD}"),
    "the module fails": code(HEAD, f"1 / 0\n{HEAD}"),
    "the module leaves the program": code(HEAD, f"import sys\nsys.exit(3)\n{HEAD}"),
    "the module ends the process": code(HEAD, f"import os\nos._exit(3)\n{HEAD}"),
    "an entry point that is none": Dist(value="stranger-acme"),
    "nothing is at the entry point": Dist(value="{module}:plugin"),
    "unknown hook": code("petiole_provide_adapters", "petiole_provide_adaptors"),
    "wrong argument of a hook": code("adapters()", "adapters(nonsense)"),
    "the hook fails": code("return [offered()]", "raise RuntimeError('not today')"),
    "the hook gives something else": code("[offered()]", "{'sink': offered()}"),
    "settings are no model": code("[offered()]", "[offered(settings=dict)]"),
    "no `@hookimpl`": code("@hookimpl", ""),
    "manifest and code differ": code("[offered()]", "[offered('{id}.other')]"),
    "a port differs": manifest("ProfileSink", "CampaignSource"),
    "an adapter is offered twice": code("[offered()]", "[offered(), offered()]"),
    "a sandbox is declared only": manifest(TITLE, TITLE + "sandbox = true\n"),
    "commands are declared only": manifest(TITLE, TITLE + 'commands = ["acme"]\n'),
    "observing is declared only": manifest(TITLE, TITLE + "observes = true\n"),
    "no manifest": Dist(manifest=None),
    "manifest is no TOML": Dist(manifest="id = "),
    "manifest is not UTF-8": Dist(manifest=b"title = '\xe9t\xe9'"),
    "a later host API": manifest("host_api = 1", "host_api = 7\nwhat_is_this = 1"),
    "an unknown key": manifest("title", "titel"),
    "a missing key": manifest(TITLE, ""),
    "an unknown port": manifest("ProfileSink", "ProfilSink"),
    "an adapter of another plugin": manifest("{id}.sink", "other.sink"),
    "a number in quotes": manifest("host_api = 1", 'host_api = "1"'),
    "adapters in single brackets": manifest("[[adapters]]", "[adapters]"),
    "an example that would not work": manifest(TITLE, TITLE + EXAMPLE),
    "a lane without a sink": manifest('"ProfileSink"', '"CampaignSource"\nlane = "batch"'),
    "an id that is taken": Dist(forks=2),
    "broken metadata": Dist(metadata=None),
}


def documented() -> Mapping[str, str]:
    """Read the table of defects."""
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    table = text.partition("| defect |")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| (.+?) \| (.+) \|$", table, re.MULTILINE))


DOCUMENTED = documented()


def id_of(defect: str) -> str:
    return "d-" + re.sub(r"[^a-z]+", "-", defect.lower()).strip("-")


@pytest.fixture(scope="module")
def listed(
    stranger: Environment, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Mapping[str, object]]:
    """List the plugins where all defects are installed at once, and a good one among them."""
    site = tmp_path_factory.mktemp("site")
    for defect, dist in DISTS.items():
        dist.lay(site, id_=id_of(defect))
    Dist().lay(site, id_="good")
    script = (
        f"import sys; sys.path.append({str(site)!r}); from petiole.host.cli import main; main()"
    )
    done = stranger.run("python", "-c", script, "plugins", "--json", cwd=site)
    assert done.returncode == 3, done.stderr
    return {plugin["id"]: plugin for plugin in json.loads(done.stdout)}


def test_every_defect_is_documented_and_tried() -> None:
    assert list(DOCUMENTED) == list(DISTS)


@pytest.mark.parametrize("defect", DISTS)
def test_defect_is_refused_in_the_documented_words(
    listed: Mapping[str, Mapping[str, object]], defect: str
) -> None:
    said = str(listed[id_of(defect)]["error"])

    assert re.fullmatch(re.escape(DOCUMENTED[defect]).replace("…", ".+"), said), said


@pytest.mark.parametrize("name", ["good", "acme", "canopydeploy", "postbox"])
def test_plugins_beside_the_defects_work_on(
    listed: Mapping[str, Mapping[str, object]], name: str
) -> None:
    assert listed[name]["error"] is None


def test_one_refused_plugin_stops_no_connection_of_another(
    stranger: Environment, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    DISTS["the module fails"].lay(site, id_="bad")
    (tmp_path / "people.csv").write_text("id\n1\n", encoding="utf-8")
    (tmp_path / "petiole.toml").write_text(
        """
        [connections]
        fine = { plugin = "postbox", folder = "out", identifier = "customer-id" }
        poor = { plugin = "bad", identifier = "customer-id" }
        """,
        encoding="utf-8",
    )
    script = (
        f"import sys; sys.path.append({str(site)!r}); from petiole.host.cli import main; main()"
    )
    sync = ["people.csv", "--segment", "s", "--key", "id"]

    fine = stranger.run("python", "-c", script, "sync", "fine", *sync, cwd=tmp_path)
    poor = stranger.run("python", "-c", script, "sync", "poor", *sync, cwd=tmp_path)

    assert fine.returncode == 0, fine.stderr
    assert (tmp_path / "out" / "s" / "1.json").exists()
    assert poor.returncode == 1
    assert "plugin 'bad': cannot be imported from stranger_bad: ZeroDivisionError" in poor.stderr

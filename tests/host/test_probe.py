"""Plugins are tried in processes of their own, whatever they do there."""

import json
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from petiole.host.installed import FoundPlugin, find_plugins
from petiole.host.probe import Probed, probe_all
from tests.dists.distribution import CODE, Dist


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def tried(site: Path, *, seconds: float = 30, with_keys: bool = False) -> dict[str, Probed]:
    found = find_plugins(distributions(path=[str(site)]))
    probed = probe_all(found, seconds=seconds, with_keys=with_keys)
    return {one.plugin.name: one for one in probed}


def probed(site: Path, *, seconds: float = 30) -> dict[str, FoundPlugin]:
    return {name: one.plugin for name, one in tried(site, seconds=seconds).items()}


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


STARTS_A_PROCESS = """\
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
"""


def test_plugin_that_starts_a_process_is_not_waited_for(site: Path) -> None:
    Dist(code=STARTS_A_PROCESS + CODE).lay(site, id_="parent")

    assert probed(site, seconds=20)["parent"].error == ""


def test_plugin_that_starts_a_thread_is_not_waited_for(site: Path) -> None:
    code = f"import threading, time\nthreading.Thread(target=time.sleep, args=[60]).start()\n{CODE}"
    Dist(code=code).lay(site, id_="busy")

    assert probed(site, seconds=20)["busy"].error == ""


def test_whoever_waits_is_told_for_which_plugin(site: Path) -> None:
    Dist(code="import time\ntime.sleep(60)").lay(site, id_="slow")
    waited_for: list[str] = []

    found = find_plugins(distributions(path=[str(site)]))
    probe_all(found, seconds=1.2, slow=waited_for.append)

    assert waited_for == ["slow"]


def with_settings(model: str) -> str:
    empty = "class Settings(BaseModel):\n    pass\n"
    assert empty in CODE
    return CODE.replace(empty, model)


def test_keys_are_described_elsewhere_whatever_the_plugin_prints(site: Path) -> None:
    talks = "import os\nos.write(1, b'hello')\nprint('hello')\n"
    code = with_settings('class Settings(BaseModel):\n    folder: str\n    """Where it goes."""\n')
    Dist(code=talks + code).lay(site, id_="chatty")

    (sink,) = tried(site, with_keys=True)["chatty"].keys

    assert (sink.plugin, sink.adapter, sink.lane) == ("chatty", "chatty.sink", None)
    properties = sink.schema["properties"]
    assert properties == {"folder": {"type": "string", "description": "Where it goes."}}
    assert "stranger_chatty" not in sys.modules


def test_keys_that_cannot_be_described_are_told_about(site: Path) -> None:
    odd = "class Settings(BaseModel, arbitrary_types_allowed=True):\n    call: type(open)\n"
    Dist(code=with_settings(odd)).lay(site, id_="odd")

    assert probed(site)["odd"].error == ""
    error = tried(site, with_keys=True)["odd"].plugin.error
    assert "the keys of odd.sink cannot be described: PydanticInvalidForJsonSchema" in error


def test_schema_leaves_out_and_names_what_cannot_be_loaded(site: Path) -> None:
    Dist().lay(site, id_="good")
    Dist(code="import os\nos._exit(0)").lay(site, id_="rude")
    script = (
        f"import sys; sys.path.append({str(site)!r}); from petiole.host.cli import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "plugins", "--schema", "settings"],
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
    )

    connections = json.loads(done.stdout)["properties"]["connections"]["additionalProperties"]
    titles = {one["title"] for one in connections["anyOf"]}
    assert done.returncode == 0
    assert titles == {"canopydeploy.rest", "canopydeploy.soap", "good.sink"}
    assert done.stderr == "rude is left out: loading it ended the process with code 0\n"


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
    names = {name for name, module in sys.modules.items() if module}
    loaded = {name for name in names if name.startswith(("httpx", "zeep", "lxml"))}
    loaded |= {name for name in names if "canopydeploy" in name}
    sys.stderr.write(repr(sorted(loaded)))
"""


def test_list_of_plugins_imports_no_code_of_theirs(site: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTING], cwd=site, capture_output=True, text=True, check=False
    )

    assert '"id": "canopydeploy"' in done.stdout
    assert done.stderr == "[]"

"""Plugins of strangers, installed from their wheels, driven by the command line."""

import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.packaging.installation import Environment

PEOPLE = "id,name\n1,Sanne\n2,Daan\n3,Åse\n"


def petiole(
    stranger: Environment, folder: Path, *arguments: str, ends_with: int = 0
) -> CompletedProcess[str]:
    done = stranger.run("petiole", *arguments, cwd=folder)
    assert done.returncode == ends_with, done.stdout + done.stderr
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


def test_strangers_are_listed_with_all_that_they_declare(
    stranger: Environment, folder: Path
) -> None:
    listed = json.loads(petiole(stranger, folder, "plugins", "--json").stdout)

    acme, canopydeploy, postbox = listed
    assert [plugin["error"] for plugin in listed] == [None] * 3
    assert (acme["distribution"], canopydeploy["distribution"]) == ("petiole-acme", "petiole")
    assert postbox["distribution"] == "postbox-petiole"
    assert (postbox["version"], postbox["host_api"]) == ("2.3.1", 1)
    assert Path(postbox["location"]).is_relative_to(stranger.folder)
    assert [(one["id"], one["port"], one["lane"]) for one in postbox["adapters"]] == [
        ("postbox.letters", "ProfileSink", "batch"),
        ("postbox.telegrams", "ProfileSink", "realtime"),
        ("postbox.campaigns", "CampaignSource", None),
    ]


def test_stranger_takes_profiles_from_a_file(stranger: Environment, folder: Path) -> None:
    petiole(stranger, folder, "init", "--plugin", "postbox")
    sync = ["sync", "postbox", "people.csv", "--segment", "spring", "--key", "id"]

    petiole(stranger, folder, *sync)
    (folder / "people.csv").write_text("id,name\n1,Sanne\n3,Åse Ø\n", encoding="utf-8")
    petiole(stranger, folder, *sync, "--mode", "mirror")

    held = {path.stem: json.loads(path.read_text()) for path in folder.rglob("spring/*.json")}
    assert held == {"1": {"id": "1", "name": "Sanne"}, "3": {"id": "3", "name": "Åse Ø"}}
    assert "postbox" in petiole(stranger, folder, "status").stdout


def test_stranger_refuses_in_words_of_its_own(stranger: Environment, folder: Path) -> None:
    petiole(stranger, folder, "init", "--plugin", "postbox")
    settings = folder / "petiole.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("folder     =", 'refuse = "2"\nfolder ='), encoding="utf-8")
    sync = ["sync", "postbox", "people.csv", "--segment", "spring", "--key", "id"]

    done = petiole(stranger, folder, *sync, ends_with=3)

    assert "this box is full" in done.stdout
    assert {path.stem for path in folder.rglob("spring/*.json")} == {"1", "3"}


def test_stranger_is_told_what_was_delivered(stranger: Environment, folder: Path) -> None:
    petiole(stranger, folder, "init", "--plugin", "postbox")

    petiole(stranger, folder, "sync", "postbox", "people.csv", "--segment", "a", "--key", "id")

    assert (folder / "delivered.log").read_text(encoding="utf-8") == "postbox 3\n"


def test_stranger_lists_its_campaigns_and_brings_a_command(
    stranger: Environment, folder: Path
) -> None:
    petiole(stranger, folder, "init", "--plugin", "postbox")
    petiole(stranger, folder, "sync", "postbox", "people.csv", "--segment", "may", "--key", "id")

    campaigns = petiole(stranger, folder, "campaigns", "postbox")
    counted = petiole(stranger, folder, "postbox", "postbox")

    assert "may" in campaigns.stdout
    assert counted.stdout == "3 in the box\n"


def test_misspelt_key_of_a_stranger_is_refused(stranger: Environment, folder: Path) -> None:
    petiole(stranger, folder, "init", "--plugin", "postbox")
    settings = folder / "petiole.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("folder     =", 'refuze = "2"\nfolder ='), encoding="utf-8")
    sync = ["sync", "postbox", "people.csv", "--segment", "spring", "--key", "id"]

    done = petiole(stranger, folder, *sync, ends_with=1)

    assert "did you mean 'refuse'?" in done.stderr


def test_schema_for_editors_knows_the_keys_of_strangers(
    stranger: Environment, folder: Path
) -> None:
    petiole(stranger, folder, "init", "--schema")

    schema = json.loads((folder / "petiole.schema.json").read_text(encoding="utf-8"))
    connections = schema["properties"]["connections"]["additionalProperties"]["anyOf"]
    keys = {one["title"]: one["properties"] for one in connections}
    assert keys["postbox.letters"]["folder"]["description"] == "Where profiles are put."
    assert keys["acme.sink"].keys() >= {"path", "plugin", "identifier", "batch"}


def test_plugin_that_new_plugin_writes_syncs_a_file_into_lines(
    stranger: Environment, folder: Path
) -> None:
    petiole(stranger, folder, "init", "--plugin", "acme")

    petiole(stranger, folder, "sync", "acme", "people.csv", "--segment", "demo", "--key", "id")

    lines = (folder / "acme.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["fields"]["name"] for line in lines] == ["Sanne", "Daan", "Åse"]


def test_two_strangers_and_two_connections_of_one_run_at_once(
    stranger: Environment, folder: Path
) -> None:
    (folder / "petiole.toml").write_text(
        """
        [connections]
        left = { plugin = "postbox", folder = "left", identifier = "customer-id" }
        right = { plugin = "postbox", folder = "right", identifier = "customer-id" }
        lines = { plugin = "acme", path = "lines.jsonl", identifier = "customer-id" }
        """,
        encoding="utf-8",
    )
    for name in ("left", "right", "lines"):
        sync = ["sync", name, "people.csv", "--segment", "s", "--key", "id", "--queue-only"]
        petiole(stranger, folder, *sync)

    petiole(stranger, folder, "run", "--once", "--flush")

    assert len(list(folder.rglob("left/s/*.json"))) == 3
    assert len(list(folder.rglob("right/s/*.json"))) == 3
    assert len((folder / "lines.jsonl").read_text(encoding="utf-8").splitlines()) == 3

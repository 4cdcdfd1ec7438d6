"""`petiole init` writes settings to start from, described by the models that validate them."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from petiole.core.errors import ConfigurationError, InvalidSettings
from petiole.host.cli.init import command
from petiole.host.installed import find_plugins
from petiole.host.probe import probe_all
from petiole.host.schema import settings_schema
from petiole.host.settings import ConnectionSettings
from tests.dists.distribution import CODE, MANIFEST, Dist

EXAMPLE = """example = '''
[connections.mine]
plugin = "{id}"
identifier = "customer-id"
'''
"""

GIVEN_OR_TABLES = {"plugin", "identifier", "batch", "retry"}


def schema_of_all() -> object:
    probed = probe_all(find_plugins(), with_keys=True)
    return settings_schema(keys for one in probed for keys in one.keys)


def init(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_schema_is_written_beside_settings_that_name_it(tmp_path: Path) -> None:
    done = init(tmp_path, "--schema")

    text = (tmp_path / "petiole.toml").read_text(encoding="utf-8")
    schema = json.loads((tmp_path / "petiole.schema.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert text.startswith("#:schema ./petiole.schema.json\n")
    assert schema == schema_of_all()
    Draft202012Validator(schema).validate(tomllib.loads(text))


def test_schema_is_written_anew_and_settings_stay(tmp_path: Path) -> None:
    (tmp_path / "petiole.toml").write_text("# mine\n", encoding="utf-8")
    (tmp_path / "petiole.schema.json").write_text("{}", encoding="utf-8")

    done = init(tmp_path, "--schema")

    assert done.exit_code == 0
    assert "#:schema ./petiole.schema.json" in done.stdout
    assert (tmp_path / "petiole.toml").read_text(encoding="utf-8") == "# mine\n"
    schema = json.loads((tmp_path / "petiole.schema.json").read_text(encoding="utf-8"))
    assert schema == schema_of_all()


def test_every_key_that_the_host_takes_is_described(tmp_path: Path) -> None:
    init(tmp_path)

    text = (tmp_path / "petiole.toml").read_text(encoding="utf-8")
    keys = [name for name in ConnectionSettings.model_fields if name not in GIVEN_OR_TABLES]
    assert [key for key in keys if f"\n#     {key} = " not in text] == []
    assert "# Tries of one change; then it is dead, and kept.\n#     retry.max_attempts = 1" in text


def test_examples_that_do_not_go_into_one_file_are_to_be_chosen_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    for name in ("left", "right"):
        manifest = MANIFEST.replace("\n[[", f"{EXAMPLE}\n[[")
        Dist(manifest=manifest).lay(tmp_path / "site", id_=name)

    both = init(tmp_path)
    one = init(tmp_path, "--plugin", "right")

    assert isinstance(both.exception, InvalidSettings)
    assert "choose one with --plugin" in str(both.exception)
    assert one.exit_code == 0
    text = (tmp_path / "petiole.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["connections"]["mine"]["plugin"] == "right"


def test_plugin_without_an_example_is_told_from_those_that_have_one(tmp_path: Path) -> None:
    done = init(tmp_path, "--plugin", "acne")

    assert "no plugin 'acne' has an example; there are: canopydeploy" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


KEYS = '''\
class Box(BaseModel):
    size: int = 3
    """How many it holds."""


class Settings(BaseModel):
    folder: str
    """Where it goes."""
    colour: str = "red"
    """Of the lid."""
    label: str | None = None
    box: Box = Box()
    must: int
    """What it cannot do without."""
'''


def test_keys_of_the_plugin_stand_beside_its_example(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    example = EXAMPLE.replace("identifier =", 'folder = "out"\nidentifier =')
    manifest = MANIFEST.replace("\n[[", f"{example}\n[[")
    code = CODE.replace("class Settings(BaseModel):\n    pass\n", KEYS)
    Dist(manifest=manifest, code=code).lay(tmp_path / "site", id_="left")

    done = init(tmp_path / "new", "--plugin", "left")

    text = (tmp_path / "new" / "petiole.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["connections"]["mine"]["folder"] == "out"
    assert (
        "# left.sink also takes; here with what is taken otherwise.\n#\n"
        '# Of the lid.\n#     colour = "red"\n'
        "#     label = (not set)\n"
        "# How many it holds.\n#     box.size = 3\n"
        "# What it cannot do without.\n#     must = (required)\n"
    ) in text
    assert "environment" not in done.stdout
    assert "petiole sync mine FILE" in done.stdout


def test_next_steps_name_the_connection_and_its_variables(tmp_path: Path) -> None:
    done = init(tmp_path, "--plugin", "canopydeploy")

    assert "put what is yours into [connections.newsletter]" in done.stdout
    assert "set the environment variable CANOPYDEPLOY_TOKEN" in done.stdout
    assert "petiole check newsletter" in done.stdout


@pytest.mark.parametrize(
    ("manifest", "code", "told"),
    [
        (EXAMPLE.replace("identifier", "identfier"), CODE, "connections.mine lacks `identifier`"),
        (EXAMPLE, "import os\nos._exit(0)", "loading it ended the process with code 0"),
    ],
)
def test_plugin_that_cannot_be_used_is_named_and_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manifest: str, code: str, told: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    given = MANIFEST.replace("\n[[", f"{manifest}\n[[")
    Dist(manifest=given, code=code).lay(tmp_path / "site", id_="bad")

    done = init(tmp_path / "new")
    alone = init(tmp_path / "other", "--plugin", "bad")

    text = (tmp_path / "new" / "petiole.toml").read_text(encoding="utf-8")
    assert done.exit_code == 0
    assert list(tomllib.loads(text)["connections"]) == ["newsletter"]
    assert done.stderr.startswith("bad is left out: ")
    assert told in done.stderr
    assert isinstance(alone.exception, ConfigurationError)
    assert not (tmp_path / "other").exists()

"""`petiole init` writes settings to start from, described by the models that validate them."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from petiole.core.errors import InvalidSettings
from petiole.host.cli.init import command
from petiole.host.installed import find_plugins
from petiole.host.schema import settings_schema
from petiole.host.settings import ConnectionSettings
from tests.dists.distribution import MANIFEST, Dist

EXAMPLE = """example = '''
[connections.mine]
plugin = "{id}"
identifier = "customer-id"
'''
"""

GIVEN_OR_TABLES = {"plugin", "identifier", "batch", "retry"}


def init(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_schema_is_written_beside_settings_that_name_it(tmp_path: Path) -> None:
    done = init(tmp_path, "--schema")

    text = (tmp_path / "petiole.toml").read_text(encoding="utf-8")
    schema = json.loads((tmp_path / "petiole.schema.json").read_text(encoding="utf-8"))
    assert done.exit_code == 0
    assert text.startswith("#:schema ./petiole.schema.json\n")
    assert schema == settings_schema(find_plugins())
    Draft202012Validator(schema).validate(tomllib.loads(text))


def test_schema_is_written_anew_and_settings_stay(tmp_path: Path) -> None:
    (tmp_path / "petiole.toml").write_text("# mine\n", encoding="utf-8")
    (tmp_path / "petiole.schema.json").write_text("{}", encoding="utf-8")

    done = init(tmp_path, "--schema")

    assert done.exit_code == 0
    assert "#:schema ./petiole.schema.json" in done.stdout
    assert (tmp_path / "petiole.toml").read_text(encoding="utf-8") == "# mine\n"
    schema = json.loads((tmp_path / "petiole.schema.json").read_text(encoding="utf-8"))
    assert schema == settings_schema(find_plugins())


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

"""One source for keys: what validates them also describes them, to editors and in the docs."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict

from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.soap.settings import CanopyDeployRealtimeSettings
from petiole.hooks import Duration, Manifest, Secret
from petiole.hooks.duration import parse_duration
from petiole.hooks.manifest import ManifestAdapter
from petiole.host.installed import find_plugins
from petiole.host.intake_settings import (
    EngagementsSettings,
    JsonlSettings,
    PullSettings,
    WebhookSettings,
    WebSettings,
)
from petiole.host.probe import probe_all
from petiole.host.schema import attribute_docs, manifest_schema, settings_schema, written
from petiole.host.settings import ConnectionSettings, OutboxSettings
from tests.repository import ROOT

SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
BATCH = """
[connections.newsletter]
plugin = "canopydeploy"
endpoint = "https://example.org/hook"
token = { env = "TOKEN" }
identifier = "hashed-email"
"""
REALTIME = """
[connections.alerts]
plugin = "canopydeploy"
lane = "realtime"
token = { file = "token.txt" }
identifier = "customer-id"
"""


@pytest.fixture(scope="module")
def settings() -> Draft202012Validator:
    probed = probe_all(find_plugins(), with_keys=True)
    schema = settings_schema(keys for one in probed for keys in one.keys)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def troubles(validator: Draft202012Validator, text: str) -> list[str]:
    return [error.message for error in validator.iter_errors(tomllib.loads(text))]


@pytest.mark.parametrize(
    "text",
    [
        "",
        BATCH,
        REALTIME,
        BATCH + REALTIME,
        BATCH + 'batch = { max_profiles = 7, max_age = "1h30m" }\nretry.base = 2.5\n',
        BATCH + 'keys = { identifier = "who" }\nlane = "batch"\n',
        "[outbox]\nurl = 'sqlite:///other.db'\n" + BATCH,
        BATCH + '[connections.newsletter.fields]\nfirstname = "first_name"\n',
    ],
)
def test_good_settings_fit_the_schema(settings: Draft202012Validator, text: str) -> None:
    assert troubles(settings, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[outbux]",
        BATCH.replace("endpoint", "endpiont"),
        BATCH.replace('{ env = "TOKEN" }', '"the token itself"'),
        BATCH.replace("env =", "environment ="),
        BATCH.replace('{ env = "TOKEN" }', '{ env = "TOKEN", file = "token.txt" }'),
        BATCH.replace('"hashed-email"', '"e-mail"'),
        BATCH + 'timeout = "soon"\n',
        BATCH + "timeout = -1\n",
        BATCH + 'lane = "realtime"\n',
        BATCH + "max_in_flight = 65\n",
        BATCH.replace("canopydeploy", "canopy"),
        BATCH.replace("token", "# token"),
    ],
)
def test_bad_settings_do_not(settings: Draft202012Validator, text: str) -> None:
    assert troubles(settings, text)


def test_secrets_are_marked(settings: Draft202012Validator) -> None:
    connections = settings.schema["properties"]["connections"]["additionalProperties"]["anyOf"]

    tokens = [connection["properties"]["token"] for connection in connections]

    assert [token["format"] for token in tokens] == ["secret reference"] * len(tokens)


def test_that_an_address_carries_no_token_is_told_in_the_schema(
    settings: Draft202012Validator,
) -> None:
    connections = settings.schema["properties"]["connections"]["additionalProperties"]["anyOf"]

    (told,) = [
        connection["properties"]["endpoint"]["description"]
        for connection in connections
        if "endpoint" in connection["properties"]
    ]

    assert "without its `?token=`" in told


class Parent(BaseModel):
    wait: Duration = timedelta(minutes=90)
    """How long."""
    token: Secret | None = None
    """Of a
    user."""


class Child(Parent):
    model_config = ConfigDict(extra="forbid")

    plain: int = 3
    wait: Duration = timedelta(milliseconds=250)
    """How short."""


def test_docstrings_below_attributes_describe_them() -> None:
    assert attribute_docs(Child) == {"wait": "How short.", "token": "Of a user."}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (timedelta(minutes=90), "1h30m"),
        (timedelta(milliseconds=250), "250ms"),
        (timedelta(), "0s"),
        (timedelta(days=1), "1d"),
        (3, 3),
    ],
)
def test_defaults_are_written_as_people_write_them(value: object, told: object) -> None:
    assert written(value) == told


def test_manifest_of_this_project_fits_its_schema() -> None:
    validator = Draft202012Validator(manifest_schema())
    text = (ROOT / "plugin.toml").read_text(encoding="utf-8")

    assert troubles(validator, text) == []


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("host_api = 1", 'host_api = "1"'),
        ("title =", "titel ="),
        ('port = "CampaignSource"', 'port = "CampaignSauce"'),
        ('lane = "realtime"', 'lane = "slow"'),
        ("max_profiles = 600", "max_profiles = 0"),
        ('"update"', '"change"'),
    ],
)
def test_manifest_that_is_refused_does_not_fit_it(good: str, bad: str) -> None:
    validator = Draft202012Validator(manifest_schema())
    text = (ROOT / "plugin.toml").read_text(encoding="utf-8")
    assert good in text

    assert troubles(validator, text.replace(good, bad))


def documented(page: str, heading: str) -> Mapping[str, str]:
    """Read a table of keys: key -> its cell of defaults."""
    section = page.partition(f"{heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]*)\|.*\|$", section, re.MULTILINE)
    return {
        key: default.strip()
        for keys, default in rows
        for key in re.findall(r"`([^`]+)`", keys)
        if not key.startswith(".")
    }


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Name every key of a model with its default; `...` for one that must be given."""
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        default = ... if field.is_required() else field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from leaves(type(default), f"{prefix}{name}.")
            continue
        yield f"{prefix}{name}", default
        for table in get_args(field.annotation):
            if isinstance(table, type) and issubclass(table, BaseModel):
                yield from leaves(table, f"{prefix}{name}.")


HOST = "## `[connections.NAME]`: the host's keys"
CANOPY = "## `[connections.NAME]`: CanopyDeploy, "
SHARED = (CANOPY + "both lanes", CANOPY + "engagements")
TABLES: Sequence[tuple[type[BaseModel], tuple[str, ...]]] = (
    (OutboxSettings, ("## `[outbox]`",)),
    (EngagementsSettings, ("## `[engagements]`",)),
    (WebSettings, ("## `[web]`",)),
    (ConnectionSettings, (HOST,)),
    (CanopyDeployBatchSettings, (*SHARED, CANOPY + "batch lane")),
    (CanopyDeployRealtimeSettings, (*SHARED, CANOPY + "realtime lane")),
)


@pytest.mark.parametrize(("model", "headings"), TABLES)
def test_tables_of_settings_hold_every_key_with_its_default(
    model: type[BaseModel], headings: tuple[str, ...]
) -> None:
    told: dict[str, str] = {}
    for heading in headings:
        assert heading in SETTINGS_PAGE
        told |= documented(SETTINGS_PAGE, heading)

    keys = dict(leaves(model))
    row_of = {key: key if key in told else f"{key.rpartition('.')[0]}.*" for key in keys}

    assert [key for key, row in row_of.items() if row not in told] == []
    assert set(told) - set(row_of.values()) == set()
    assert [key for key, row in row_of.items() if not _agrees(told[row], keys[key])] == []


def _agrees(cell: str, default: object) -> bool:
    """Compare a cell with a default: words stand where the default depends on something."""
    if default is ...:
        return cell == ""
    if default is None:
        return True
    if isinstance(default, timedelta):
        return default in [parse_duration(told) for told in re.findall(r'`"(\w+)"`', cell)]
    return f"`{json.dumps(default)}`" in cell or f"`{default}`" in cell


@pytest.mark.parametrize(
    "model",
    [
        OutboxSettings,
        EngagementsSettings,
        JsonlSettings,
        WebhookSettings,
        WebSettings,
        ConnectionSettings,
        PullSettings,
        Manifest,
        ManifestAdapter,
    ],
)
def test_every_key_of_the_host_is_described(model: type[BaseModel]) -> None:
    told = attribute_docs(model)

    assert [name for name in model.model_fields if name not in told] == []


def test_table_of_the_manifest_holds_every_key() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")

    told = documented(page, "## The manifest")

    adapters = {f"adapters.{name}" for name in ManifestAdapter.model_fields}
    assert set(told) == (set(Manifest.model_fields) - {"adapters"}) | adapters

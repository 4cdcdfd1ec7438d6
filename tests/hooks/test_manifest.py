"""The manifest is read strictly, and what is wrong with it is told in plain words."""

import pytest
from jsonschema import Draft202012Validator

from petiole.core.domain.change import ChangeKind
from petiole.core.errors import IncompatiblePlugin, ManifestError
from petiole.hooks import Manifest
from petiole.hooks.manifest import HOST_APIS
from petiole.host.schema import manifest_schema

MANIFEST = """\
id = "acme"
title = "Acme mail"
host_api = 1
commands = ["acme", "acme-count"]

example = '''
[connections.mine]
plugin = "acme"
identifier = "customer-id"
'''

[[adapters]]
id = "acme.sink"
port = "ProfileSink"
max_profiles = 100
kinds = ["add", "remove"]
"""
WHOLE = "a whole number is wanted, without quotes and without a point"
PLUGIN = 'plugin = "acme"\n'


def read(text: str) -> Manifest:
    return Manifest.read(text, origin="plugin.toml of acme")


def test_good_manifest_is_read() -> None:
    manifest = read(MANIFEST)

    assert manifest.adapters[0].kinds == [ChangeKind.ADD, ChangeKind.REMOVE]
    assert manifest.commands == ["acme", "acme-count"]


def test_byte_order_mark_of_an_editor_is_passed_over() -> None:
    assert read(f"\ufeff{MANIFEST}") == read(MANIFEST)


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("host_api = 1", 'host_api = "1"', f"host_api: {WHOLE}"),
        ("host_api = 1", 'host_api = "99"\nof_the_future = 1', f"host_api: {WHOLE}"),
        ("host_api = 1", "host_api = 2.0", f"host_api: {WHOLE}"),
        ("host_api = 1", "host_api = true", f"host_api: {WHOLE}"),
        ("profiles = 100", 'profiles = "100"', f"adapters.0.max_profiles: {WHOLE}"),
        ("profiles = 100", "profiles = 0", "adapters.0.max_profiles: must be at least 1"),
        ('"Acme mail"', '" "', "title: must be one line of text, and not empty"),
        ('"Acme mail"', r'"a\u001b[31m"', "title: must be one line of text, and not empty"),
        ('"Acme mail"', "7", "title: a text is wanted, in quotes"),
        ('"add", "remove"', '"add", "add"', "adapters.0.kinds: 'add' stands there twice"),
        ('["add", "remove"]', '"add"', "adapters.0.kinds: a list is wanted"),
        ('"remove"', '"delete"', "must be 'add', 'update' or 'remove'"),
        ('["acme", "acme-count"]', '"acme"', "commands: a list is wanted"),
        ('"acme-count"', '"acme"', "commands: 'acme' stands there twice"),
        ("host_api = 1", 'host_api = 1\nobserves = "yes"', "observes: true or false is wanted"),
        ("[[adapters]]", "[adapters]", "adapters: write [[adapters]], in double brackets"),
        ('id = "acme"', 'id = "Acme mail"', "a letter first, such as acme or acme-mail"),
        ('"acme.sink"', '"sink"', "must be PLUGIN.ADAPTER, in lowercase, such as acme.sink"),
        (PLUGIN, "", 'example: connections.mine must say plugin = "acme"'),
        (PLUGIN, 'plugin = "other"\n', 'example: connections.mine must say plugin = "acme"'),
        ('identifier = "customer-id"', "", "example: connections.mine lacks `identifier`"),
        ("[connections.mine]", "[connections.mine", "example: is not valid TOML"),
        ("[connections.mine]", "[outbox]", "example: holds 'outbox'; only [connections.NAME]"),
        (
            "[connections.mine]\n",
            "connections.mine.more = 1\n[connections.yours]\n",
            "example: holds 'connections'; only [connections.NAME]",
        ),
        (f"[connections.mine]\n{PLUGIN}", "#", "example: holds no connection"),
        ("[connections.mine]", "[connections]", "example: connections.plugin is no table"),
    ],
)
def test_manifest_that_is_not_as_it_should_be_is_refused_in_plain_words(
    good: str, bad: str, told: str
) -> None:
    assert good in MANIFEST

    with pytest.raises(ManifestError) as refused:
        read(MANIFEST.replace(good, bad))

    assert told in str(refused.value)
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize("made_for", [-1, 0, 99])
def test_other_generation_is_refused_as_such(made_for: int) -> None:
    assert made_for not in HOST_APIS

    with pytest.raises(IncompatiblePlugin, match=f"made for host API {made_for}, "):
        read(MANIFEST.replace("host_api = 1", f"host_api = {made_for}\nof_the_future = 1"))


def test_rules_for_texts_and_lists_stand_in_the_schema() -> None:
    validator = Draft202012Validator(manifest_schema())
    good = {
        "id": "acme",
        "title": "Acme mail",
        "host_api": 1,
        "adapters": [{"id": "acme.sink", "port": "ProfileSink", "kinds": ["add"]}],
    }
    sink = {"id": "acme.sink", "port": "ProfileSink"}
    bad = [
        {**good, "id": "Acme mail"},
        {**good, "title": " "},
        {**good, "title": "a\nb"},
        {**good, "host_api": "1"},
        {**good, "commands": ["acme", "acme"]},
        {**good, "adapters": [{**sink, "id": "sink"}]},
        {**good, "adapters": [{**sink, "kinds": ["add", "add"]}]},
    ]

    fits = [validator.is_valid(document) for document in (good, *bad)]

    assert fits == [True] + [False] * len(bad)

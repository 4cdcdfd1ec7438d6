"""Settings come from petiole.toml and the environment; what is wrong is named, with the remedy."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.identity import IdentifierType
from petiole.core.errors import InvalidSettings
from petiole.host.settings import Settings, load_settings, validate_plugin_keys

MINIMAL = """\
[connections.newsletter]
plugin = "acme"
identifier = "customer-id"
endpoint = "https://example.org/hook"
"""


class AcmeSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    endpoint: str
    timeout: int = 30


def written(folder: Path, text: str) -> Path:
    path = folder / "petiole.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str) -> Settings:
    return load_settings(written(folder, text))


def test_minimal_settings_have_the_documented_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL)

    name, connection = settings.connection("newsletter")
    assert connection.identifier is IdentifierType.CUSTOMER_ID
    assert connection.batching.max_profiles == 100
    assert connection.batching.max_age == timedelta(minutes=20)
    assert connection.folding
    assert connection.account_of(name) == "newsletter"
    assert settings.outbox_path == tmp_path / "petiole.db"


def test_realtime_lane_sends_each_change_at_once_and_folds_nothing(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + 'lane = "realtime"\n')

    connection = settings.connections["newsletter"]

    assert connection.batching.max_profiles == 1
    assert connection.batching.max_age == timedelta()
    assert not connection.folding


def test_durations_are_written_as_people_write_them(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + 'batch = { max_age = "1h30m" }\n')

    assert settings.connections["newsletter"].batching.max_age == timedelta(minutes=90)


def test_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PETIOLE_CONNECTIONS__NEWSLETTER__BATCH__MAX_PROFILES", "7")
    monkeypatch.setenv("PETIOLE_OUTBOX__URL", "sqlite:///other.db")

    settings = loaded(tmp_path, MINIMAL)

    assert settings.connections["newsletter"].batching.max_profiles == 7
    assert settings.connections["newsletter"].plugin == "acme"
    assert settings.outbox_path.name == "other.db"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (MINIMAL.replace('plugin = "acme"\n', ""), "'connections.newsletter.plugin' is missing"),
        (MINIMAL.replace('"customer-id"', '"customer"'), "connections.newsletter.identifier"),
        ("[outbux]\n" + MINIMAL, "did you mean 'outbox'"),
        ('[outbox]\nurk = "x"\n' + MINIMAL, "did you mean 'url'"),
        (MINIMAL + "batch = { max_profile = 3 }\n", "did you mean 'max_profiles'"),
        (MINIMAL + 'batch = { max_age = "soon" }\n', "not a duration"),
        (MINIMAL + "batch = { max_profiles = 0 }\n", "max_profiles"),
        ("[connections", "not valid TOML"),
    ],
)
def test_wrong_settings_are_named_with_the_remedy(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        loaded(tmp_path, text)

    assert told in str(caught.value)
    assert "petiole.toml" in str(caught.value)


def test_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="petiole init"):
        load_settings(tmp_path / "petiole.toml")


def test_unknown_connection_names_the_nearest(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL)

    with pytest.raises(InvalidSettings, match="did you mean 'newsletter'"):
        settings.connection("newsleter")


def test_unknown_plugin_key_is_refused_among_all_known_keys(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "identifierr = 1\n")
    name = ConnectionName("newsletter")

    with pytest.raises(InvalidSettings, match="did you mean 'identifier'"):
        validate_plugin_keys(AcmeSettings, name, settings.connections["newsletter"])


def test_plugin_keys_reach_the_plugin_model(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + "timeout = 5\n")
    name = ConnectionName("newsletter")

    model = validate_plugin_keys(AcmeSettings, name, settings.connections["newsletter"])

    assert model == AcmeSettings(endpoint="https://example.org/hook", timeout=5)


def test_wrong_value_is_never_repeated_since_it_may_be_a_secret(tmp_path: Path) -> None:
    settings = loaded(tmp_path, MINIMAL + 'timeout = "s3cret-token"\n')
    name = ConnectionName("newsletter")

    with pytest.raises(InvalidSettings) as caught:
        validate_plugin_keys(AcmeSettings, name, settings.connections["newsletter"])

    assert "s3cret-token" not in str(caught.value)
    assert "timeout" in str(caught.value)


def test_other_outbox_url_is_refused(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[outbox]\nurl = "mysql://x"\n' + MINIMAL)

    with pytest.raises(InvalidSettings, match=r"sqlite:///petiole\.db"):
        _ = settings.outbox_path

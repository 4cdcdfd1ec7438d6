"""The contract with the platform as it was recorded, replayed without a network.

To record anew, from the twin, run this file with: pytest --record-mode=rewrite
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.errors import (
    Ambiguous,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Unavailable,
)
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import (
    TOKEN,
    TOKEN_VARIABLE,
    hashed,
    message,
    messages,
    sink,
)
from tests.adapters.canopydeploy.recording import Stage, recorder_settings
from tests.adapters.canopydeploy.twin import control, spoil
from tests.repository import ROOT

CASSETTES = ROOT / "tests" / "cassettes"
REST = CASSETTES / "rest"
PATH = "/app/api/rest/public/v2/project/datahook/data-receiver/"

pytestmark = [pytest.mark.vcr, pytest.mark.block_network]


@pytest.fixture
def vcr_config() -> Mapping[str, object]:
    return recorder_settings(host="webhook.example.org", path=PATH)


@pytest.fixture
def vcr_cassette_dir() -> str:
    return str(REST)


@pytest.fixture
def endpoint(recorded_twin: Sandbox | None) -> str:
    return recorded_twin.rest if recorded_twin else f"http://127.0.0.1:9{PATH}demo"


def test_added_profiles_are_echoed_with_ids(endpoint: str) -> None:
    with sink(endpoint=endpoint) as webhook:
        report = webhook.deliver(messages(3))

    assert report.outcomes == {1: ACCEPTED, 2: ACCEPTED, 3: ACCEPTED}


def test_hashed_addresses_are_echoed_with_ids(endpoint: str) -> None:
    sanne = Identifier.hashed_email(hashed("sanne.devries@example.org"))
    batch = [message(1, {"loyaltyTier": "gold"}, identifier=sanne)]

    with sink(
        endpoint=endpoint, identifier=IdentifierType.HASHED_EMAIL, segment_name="Spring"
    ) as webhook:
        report = webhook.deliver(batch)

    assert report.outcomes == {1: ACCEPTED}


def test_updates_and_removals_are_echoed(endpoint: str) -> None:
    batch = [message(1, {"city": "Bonn"}, kind=ChangeKind.UPDATE)]
    batch += [message(2, kind=ChangeKind.REMOVE)]

    with sink(endpoint=endpoint) as webhook:
        webhook.deliver(messages(2))
        report = webhook.deliver(batch)

    assert report.outcomes == {1: ACCEPTED, 2: ACCEPTED}


def test_webhook_without_a_mapping_echoes_only(endpoint: str, stage: Stage) -> None:
    stage(lambda twin: control(twin, "endpoints", {"name": "fresh", "mapping": None}))

    with sink(endpoint=endpoint.replace("demo", "fresh")) as webhook:
        report = webhook.deliver(messages(2))

    assert report.outcomes == {1: ACCEPTED, 2: ACCEPTED}


@pytest.mark.parametrize(
    ("auth", "username"),
    [("bearer", None), ("query", None), ("basic", "shop")],
    ids=["bearer", "query", "basic"],
)
def test_token_is_taken_in_every_form(endpoint: str, auth: str, username: str | None) -> None:
    with sink(endpoint=endpoint, auth=auth, username=username) as webhook:
        report = webhook.deliver(messages(1))

    assert report.outcomes == {1: ACCEPTED}


def test_rejected_record_is_named(endpoint: str, stage: Stage) -> None:
    stage(lambda twin: spoil(twin, fault="reject", identifiers=["11002"], message="Undefined"))

    with sink(endpoint=endpoint) as webhook:
        report = webhook.deliver(messages(3))

    assert report.outcomes == {1: ACCEPTED, 2: Rejected("105", "Undefined"), 3: ACCEPTED}


def test_refused_call_names_no_culprit(endpoint: str, stage: Stage) -> None:
    stage(lambda twin: spoil(twin, fault="refuse", identifiers=["11002"], message="invalid"))

    with sink(endpoint=endpoint) as webhook, pytest.raises(MalformedRequest) as caught:
        webhook.deliver(messages(3))

    assert (caught.value.code, caught.value.reason) == ("400", "invalid")


def test_wrong_token_is_refused(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")

    with sink(endpoint=endpoint) as webhook, pytest.raises(InvalidCredentials):
        webhook.deliver(messages(1))


def test_unknown_webhook_is_not_found(endpoint: str) -> None:
    with sink(endpoint=f"{endpoint}x") as webhook, pytest.raises(EndpointRefused) as caught:
        webhook.deliver(messages(1))

    assert caught.value.code == "404"


def test_used_up_day_is_told_by_the_count(endpoint: str, stage: Stage) -> None:
    stage(lambda twin: control(twin, "settings", {"daily_quota": 1}))
    evening = datetime(2026, 3, 2, 20, tzinfo=UTC)

    with sink(endpoint=endpoint, daily_calls=1, now=evening) as webhook:
        webhook.deliver(messages(1))
        with pytest.raises(Throttled) as caught:
            webhook.deliver(messages(1))

    assert caught.value.retry_after == timedelta(hours=3)


def test_busy_platform_names_a_moment_or_none(endpoint: str, stage: Stage) -> None:
    stage(
        lambda twin: control(
            twin,
            "faults",
            {
                "rules": [
                    {"fault": "status", "status": 503, "headers": {"Retry-After": "7"}, "times": 1},
                    {"fault": "status", "status": 503},
                ]
            },
        )
    )

    with sink(endpoint=endpoint) as webhook:
        with pytest.raises(Throttled) as waiting:
            webhook.deliver(messages(1))
        with pytest.raises(Unavailable):
            webhook.deliver(messages(2))

    assert waiting.value.retry_after == timedelta(seconds=7)


def test_page_is_no_success(endpoint: str, stage: Stage) -> None:
    stage(lambda twin: spoil(twin, fault="html"))

    with sink(endpoint=endpoint) as webhook, pytest.raises(Ambiguous, match="an HTML page"):
        webhook.deliver(messages(1))


def test_call_that_was_not_recorded_is_no_failure_of_the_platform(
    endpoint: str, record_mode: str
) -> None:
    if record_mode != "none":
        pytest.skip("is about replaying")

    with (
        sink(endpoint=endpoint) as webhook,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        webhook.deliver(messages(9))


def cassettes() -> list[Path]:
    return sorted(CASSETTES.rglob("*.yaml"))


def test_there_are_cassettes() -> None:
    assert len(cassettes()) >= 14


@pytest.mark.parametrize(
    "cassette", cassettes(), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_cassette_holds_no_secret(cassette: Path) -> None:
    text = cassette.read_text(encoding="utf-8")

    for secret in (TOKEN, "another-token", "Bearer", "Basic ", "uthorization", "ookie", "token="):
        assert secret not in text


@pytest.mark.parametrize("cassette", sorted(REST.glob("*.yaml")), ids=lambda path: path.stem)
def test_cassette_names_no_machine(cassette: Path) -> None:
    text = cassette.read_text(encoding="utf-8")

    assert "127.0.0.1" not in text
    assert "localhost" not in text

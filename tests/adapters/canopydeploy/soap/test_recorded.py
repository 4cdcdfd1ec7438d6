"""The contract over SOAP as it was recorded, replayed without a network.

To record anew, from the twin, run this file with: pytest --record-mode=rewrite
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.request import Request as RecordedRequest

from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.errors import Ambiguous, InvalidCredentials, Unavailable
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE, hashed, message
from tests.adapters.canopydeploy.recording import Stage, recorder_settings
from tests.adapters.canopydeploy.soap.made import customer, listing, members, runs
from tests.adapters.canopydeploy.twin import control, spoil
from tests.repository import ROOT

CASSETTES = ROOT / "tests" / "cassettes" / "soap"
PATH = "/app/api/soap/public/index.php"
CUSTOMER = "88213"
"""The first customer that the twin makes."""
PROFILE: Mapping[str, JsonValue] = {"city": "Köln", "tier": 7}
UUID = re.compile(rb"(<([\w-]+:)?uuid>)[^<]*(<)")

pytestmark = [pytest.mark.vcr, pytest.mark.block_network]


def without_token(request: RecordedRequest) -> None:
    request.body = UUID.sub(rb"\1(token)\3", request.body)


@pytest.fixture
def vcr_config() -> Mapping[str, object]:
    return recorder_settings(host="soap.example.org", path=PATH, scrub=without_token)


@pytest.fixture
def vcr_cassette_dir() -> str:
    return str(CASSETTES)


@pytest.fixture
def url(recorded_twin: Sandbox | None) -> str:
    return recorded_twin.soap if recorded_twin else f"http://127.0.0.1:9{PATH}"


def test_runs_of_every_kind_are_queued(url: str) -> None:
    with runs(soap_url=url) as sink:
        for kind in ChangeKind:
            told = None if kind is ChangeKind.REMOVE else PROFILE
            report = sink.deliver([message(1, told, kind=kind)])

            assert report.outcomes == {1: ACCEPTED}


def test_profile_named_by_the_hash_of_an_address_is_queued(url: str) -> None:
    sanne = Identifier.hashed_email(hashed("sanne.devries@example.org"))

    with runs(identifier=IdentifierType.HASHED_EMAIL, soap_url=url) as sink:
        report = sink.deliver([message(1, {"loyaltyTier": "gold"}, identifier=sanne)])

    assert report.outcomes == {1: ACCEPTED}


def test_portal_is_answered_in_its_own_namespace(url: str) -> None:
    with runs(soap_url=url, portal="login") as sink:
        report = sink.deliver([message(1)])

    assert report.outcomes == {1: ACCEPTED}


def test_customer_joins_is_read_back_and_leaves(url: str, stage: Stage) -> None:
    stage(customer)
    sanne = Identifier.customer_id(CUSTOMER)
    joins = message(1, identifier=sanne)
    leaves = message(2, kind=ChangeKind.REMOVE, identifier=sanne)

    with members(soap_url=url) as sink:
        assert sink.deliver([joins]).outcomes == {1: ACCEPTED}
        assert sink.deliver([joins]).outcomes == {1: ACCEPTED}
        assert sink.verify([joins]).outcomes == {1: ACCEPTED}
        assert sink.deliver([leaves]).outcomes == {2: ACCEPTED}
        assert sink.deliver([leaves]).outcomes == {2: ACCEPTED}
        assert sink.verify([joins]).outcomes == {}


def test_campaigns_are_listed(url: str) -> None:
    with listing(soap_url=url) as source:
        found = {campaign.id: campaign.name for campaign in source.campaigns()}

    assert found[SegmentId("4711")] == "Spring rebookers"
    assert len(found) == 5


@pytest.mark.parametrize("status", [200, 500])
def test_fault_is_told_in_the_platforms_words(url: str, stage: Stage, status: int) -> None:
    stage(lambda twin: control(twin, "settings", {"soap": {"fault_status": status}}))
    stage(lambda twin: spoil(twin, fault="reject", identifiers=["11001"], message="Undefined"))

    with runs(soap_url=url) as sink:
        report = sink.deliver([message(1)])

    assert report.outcomes == {1: Rejected("105", "Undefined")}


def test_unknown_customer_is_not_found(url: str) -> None:
    with members(soap_url=url) as sink:
        (outcome,) = sink.deliver([message(1)]).outcomes.values()

    assert isinstance(outcome, Rejected)
    assert outcome.code == "213"


def test_wrong_token_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")

    with runs(soap_url=url) as sink, pytest.raises(InvalidCredentials):
        sink.deliver([message(1)])


def test_page_is_no_success(url: str, stage: Stage) -> None:
    stage(lambda twin: spoil(twin, fault="html"))

    with runs(soap_url=url) as sink, pytest.raises(Ambiguous, match="an HTML page"):
        sink.deliver([message(1)])


def test_busy_platform_is_a_passing_trouble(url: str, stage: Stage) -> None:
    stage(lambda twin: spoil(twin, fault="status", status=503))

    with runs(soap_url=url) as sink, pytest.raises(Unavailable):
        sink.deliver([message(1)])


def test_call_that_was_not_recorded_is_no_failure_of_the_platform(
    url: str, record_mode: str
) -> None:
    if record_mode != "none":
        pytest.skip("is about replaying")

    with (
        runs(soap_url=url) as sink,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        sink.deliver([message(9)])


def test_another_profile_is_not_answered_from_the_same_recording(
    url: str, record_mode: str
) -> None:
    """Every call goes to one address, so that the body must tell them apart."""
    if record_mode != "none":
        with runs(soap_url=url) as sink:
            sink.deliver([message(1)])
        return

    with (
        runs(soap_url=url) as sink,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        sink.deliver([message(2)])


def cassettes() -> list[Path]:
    return sorted(CASSETTES.glob("*.yaml"))


def test_there_are_cassettes(record_mode: str) -> None:
    assert len(cassettes()) >= 12 or record_mode != "none"


@pytest.mark.parametrize("cassette", cassettes(), ids=lambda path: path.stem)
def test_cassette_holds_no_secret_and_names_no_machine(cassette: Path) -> None:
    text = cassette.read_text(encoding="utf-8")

    assert "uuid>(token)<" in text
    for secret in (TOKEN, "another-token", "uthorization", "ookie", "127.0.0.1", "localhost"):
        assert secret not in text

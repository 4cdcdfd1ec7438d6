"""The list of campaigns, for either lane."""

from collections.abc import Iterator

import httpx
import pytest
import stamina

from petiole.adapters.canopydeploy.campaigns import open_campaigns
from petiole.core.domain.campaign import Campaign
from petiole.core.domain.change import ConnectionName, SegmentId
from petiole.core.domain.identity import IdentifierType
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Unavailable,
)
from petiole.core.ports.campaign_source import CampaignSource
from petiole.hooks import AdapterContext
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.made import TOKEN_VARIABLE
from tests.adapters.canopydeploy.made import settings as batch_settings
from tests.adapters.canopydeploy.soap.made import answering, fault, listing, result
from tests.adapters.canopydeploy.twin import control

LIST = "campaign_getAllExecutable"
NAMES = ["Basket reminder", "Loyalty tier change", "Spring rebookers", "Welcome series", "Win back"]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def listed(*pairs: tuple[str, str]) -> httpx.MockTransport:
    options = "".join(
        f"<n:Option><n:type>string</n:type><n:name>{name}</n:name><n:value>{value}</n:value>"
        "</n:Option>"
        for name, value in pairs
    )
    return answering(result(f"<n:msg>{options}</n:msg>", operation=LIST))


def found(transport: httpx.BaseTransport) -> list[tuple[str, str]]:
    with listing(transport) as source:
        return [(campaign.id, campaign.name) for campaign in source.campaigns()]


def test_campaigns_that_can_be_started_are_listed_by_name(sandbox: Sandbox) -> None:
    with listing(soap_url=sandbox.soap) as source:
        campaigns = source.campaigns()

    assert isinstance(source, CampaignSource)
    assert [campaign.name for campaign in campaigns] == NAMES
    assert Campaign(SegmentId("4711"), "Spring rebookers") in campaigns


def test_batch_connection_lists_them_over_soap_too(sandbox: Sandbox) -> None:
    context = AdapterContext(
        connection=ConnectionName("newsletter"),
        identifier=IdentifierType.HASHED_EMAIL,
        settings=batch_settings(endpoint=sandbox.rest, soap_url=sandbox.soap),
    )

    with open_campaigns(context) as source:
        assert [campaign.name for campaign in source.campaigns()] == NAMES


@pytest.mark.parametrize(
    ("pair", "campaign"),
    [
        (("Spring", "4711"), ("4711", "Spring")),
        (("4711", "Spring"), ("4711", "Spring")),
        (("2026", "4711"), ("4711", "2026")),
        (("Spring", "s-1"), ("s-1", "Spring")),
        (("4711", ""), ("4711", "")),
        ((" Spring ", " 4711\n"), ("4711", "Spring")),
        (("٤٧", "Spring"), ("Spring", "٤٧")),
    ],
)
def test_whichever_is_all_digits_is_the_id(
    pair: tuple[str, str], campaign: tuple[str, str]
) -> None:
    assert found(listed(pair)) == [campaign]


def test_campaign_without_any_id_cannot_be_sent_to() -> None:
    assert found(listed(("Spring", ""), ("Summer", "2"))) == [("2", "Summer")]


@pytest.mark.parametrize(
    "message",
    ["<n:msg/>", '<n:msg x:nil="true" xmlns:x="http://www.w3.org/2001/XMLSchema-instance"/>'],
)
def test_account_may_have_none(message: str) -> None:
    assert found(answering(result(message, operation=LIST))) == []


def test_list_that_is_no_list_is_not_taken_for_an_empty_one() -> None:
    with pytest.raises(Ambiguous, match="something else"):
        found(answering(result("<n:msg>true</n:msg>", operation=LIST)))


def test_passing_troubles_are_asked_past(sandbox: Sandbox) -> None:
    rules = [{"fault": "status", "status": 503, "calls": [1]}, {"fault": "html", "calls": [1]}]
    control(sandbox, "faults", {"rules": rules})

    with listing(soap_url=sandbox.soap) as source:
        assert [campaign.name for campaign in source.campaigns()] == NAMES


@pytest.mark.parametrize(
    ("transport", "error", "calls"),
    [
        (answering(b"", status=503), Unavailable, 3),
        (answering(b"<html>"), Ambiguous, 3),
        (answering(b"", status=429), Throttled, 3),
        (answering(b"", status=429, headers={"Retry-After": "2"}), Throttled, 3),
        (answering(b"", status=429, headers={"Retry-After": "900"}), Throttled, 1),
        (answering(fault("202", "Invalid token")), InvalidCredentials, 1),
        (answering(fault("203", "no rights")), InvalidCredentials, 1),
        (answering(fault("105", "no such brand")), MalformedRequest, 1),
        (answering(b"", status=404), DeliveryError, 1),
    ],
)
def test_only_what_may_pass_is_asked_again(
    transport: httpx.MockTransport, error: type[DeliveryError], calls: int
) -> None:
    asked: list[httpx.Request] = []

    def count(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return transport.handle_request(request)

    with pytest.raises(error):
        found(httpx.MockTransport(count))

    assert len(asked) == calls


def test_refusal_carries_the_platforms_code_and_words() -> None:
    with pytest.raises(MalformedRequest) as caught:
        found(answering(fault("105", "This brand is closed")))

    assert (caught.value.code, caught.value.reason) == ("105", "This brand is closed")


def test_wrong_token_is_told(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "another-token")

    with listing(soap_url=sandbox.soap) as source, pytest.raises(InvalidCredentials):
        source.campaigns()

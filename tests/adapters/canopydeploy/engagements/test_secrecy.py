"""No secret and nobody's identity shows up in an error, a log line, an answer or what is kept."""

from collections.abc import Mapping

import httpx
import pytest
from pydantic import ValidationError

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.core.errors import DeliveryError
from petiole.core.ports.engagement_source import EngagementPage, EngagementSource
from petiole.plugins.canopydeploy.sandbox import Sandbox
from tests.adapters.canopydeploy.engagements.made import (
    ANALYTICS,
    CLIENT_SECRET,
    CLIENT_VARIABLE,
    EVENTS_URL,
    HASHED,
    MOMENT,
    PASSWORD,
    PUSH,
    SANNE,
    TOKEN_URL,
    analytics,
    basic,
    call,
    interaction,
    mailings,
    receiver,
)
from tests.adapters.canopydeploy.engagements.test_mailings import (
    Platform,
    customer,
    delivery,
    event,
)
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE
from tests.adapters.canopydeploy.soap.made import fault
from tests.adapters.canopydeploy.test_secrecy import everything_logged, shown_by
from tests.adapters.canopydeploy.twin import control

ADDRESS = "sanne.devries@example.org"
ACCESS_TOKEN = "access-7f3a9c"
PEOPLE = (ADDRESS, SANNE)

FAULTS: Mapping[str, Mapping[str, object]] = {
    "timeout": {"fault": "timeout-before"},
    "cut": {"fault": "cut-midway"},
    "html": {"fault": "html"},
    "broken": {"fault": "broken-json"},
    "refused": {"fault": "status", "status": 403},
    "redirect": {
        "fault": "status",
        "status": 302,
        "headers": {"Location": f"/x?t={CLIENT_SECRET}"},
    },
    "telltale": {
        "fault": "status",
        "status": 400,
        "message": f"{TOKEN} {CLIENT_SECRET} {ACCESS_TOKEN} {ADDRESS} {SANNE}",
    },
}


class Echoing(httpx.BaseTransport):
    """A platform that repeats to everybody what it was told, and knows."""

    def __init__(self, *, status: int, on_token: bool) -> None:
        self._status = status
        self._on_token = on_token

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        is_token = str(request.url) == TOKEN_URL
        if is_token and not self._on_token:
            return httpx.Response(200, json={"access_token": ACCESS_TOKEN, "expires_in": 60})
        told = f"{request.headers} {request.headers.raw!r} {request.headers.get('Authorization')}"
        words = f"{told} {CLIENT_SECRET} {ADDRESS} {SANNE} {ACCESS_TOKEN if not is_token else ''}"
        return httpx.Response(self._status, json={"error": {"code": 1, "message": words}})


def failed(source: EngagementSource, caplog: pytest.LogCaptureFixture) -> str:
    """Pull until it fails, and collect what anybody might print of that."""
    pages: list[EngagementPage] = []
    errors: list[DeliveryError] = []
    with everything_logged(caplog):
        try:
            pages += source.pull(None, since=MOMENT)
        except DeliveryError as error:
            errors.append(error)
    assert errors
    kept = [f"{each.reason} {each.content}" for page in pages for each in page.refused]
    exchanges = [repr(error.exchange) for error in errors]
    shown = [text for error in errors for text in shown_by(error)]
    return "\n".join([caplog.text, *kept, *exchanges, *shown])


def assert_unseen(text: str, *secrets: str) -> None:
    assert [secret for secret in secrets if secret in text] == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("on_token", [True, False])
def test_platform_that_repeats_secrets_does_not_make_us_tell_them(
    caplog: pytest.LogCaptureFixture,
    status: int,
    on_token: bool,  # noqa: FBT001 - drawn
) -> None:
    with analytics(Echoing(status=status, on_token=on_token)) as source:
        shown = failed(source, caplog)

    assert_unseen(shown, CLIENT_SECRET, ACCESS_TOKEN, *PEOPLE)


@pytest.mark.parametrize("fault_", FAULTS)
def test_analytics_over_the_wire_shows_nothing(
    sandbox: Sandbox,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    fault_: str,
) -> None:
    monkeypatch.setenv(CLIENT_VARIABLE, sandbox.client_secret)
    rule = {"calls": [1], "path": "/analytics-events/", **FAULTS[fault_]}
    control(sandbox, "faults", {"rules": [rule]})

    with analytics(
        client_id=sandbox.client_id,
        token_url=sandbox.oauth,
        events_url=sandbox.analytics,
        timeout="300ms",
    ) as source:
        shown = failed(source, caplog)
        tokens = list(sandbox.platform.state.oauth._ends)

    assert len(tokens) == 1
    assert_unseen(shown, sandbox.client_secret, *tokens, *PEOPLE)


@pytest.mark.parametrize("fault_", FAULTS)
def test_mailings_over_the_wire_show_nothing(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, fault_: str
) -> None:
    control(
        sandbox, "faults", {"rules": [{"calls": [1], "path": "/app/api/soap/", **FAULTS[fault_]}]}
    )

    with mailings(soap_url=sandbox.soap, timeout="300ms") as source:
        shown = failed(source, caplog)

    assert_unseen(shown, TOKEN, *PEOPLE)


def test_refusal_about_a_customer_tells_nobody(caplog: pytest.LogCaptureFixture) -> None:
    platform = Platform(mailing_getOpenSet=[event(1, "openedAt")])
    platform.spoil = lambda name, _: (
        fault("105", f"customer {ADDRESS} ({SANNE}) is blocked, {TOKEN}")
        if name == "customer_getById"
        else None
    )

    with mailings(platform) as source:
        shown = failed(source, caplog)

    assert_unseen(shown, TOKEN, *PEOPLE)


def test_what_cannot_be_read_over_soap_keeps_nothing_of_the_customer() -> None:
    told = customer(1, emailAddress=ADDRESS, externalId="x", options=[])
    platform = Platform(mailing_getDeliverySet=[delivery(1, customer=told, deliveryDate="?")])

    with mailings(platform, identifier=HASHED) as source:
        refused = [each for page in source.pull(None, since=MOMENT) for each in page.refused]

    assert len(refused) == 1
    assert_unseen(f"{refused}", *PEOPLE)


@pytest.mark.parametrize("partner_id", [ADDRESS, SANNE[:-1], SANNE + "0", f"{SANNE} {ADDRESS}"])
def test_answer_to_a_push_repeats_nothing(partner_id: str) -> None:
    with receiver(HASHED) as opened:
        received = opened.receive(call(interaction(), partner_id=partner_id))

    told = f"{received.answer.body!r} {[each.reason for each in received.refused]}"
    assert_unseen(told, partner_id, *PEOPLE)


def test_stranger_is_told_nothing_of_the_password() -> None:
    with receiver() as opened:
        answers = [opened.admits(basic(password=f"{PASSWORD}x")), opened.admits({})]
        shown = f"{answers} {vars(opened)} {vars(opened._doorkeeper)}"

    assert_unseen(shown, PASSWORD)


@pytest.mark.parametrize(
    ("tables", "secret"),
    [
        ({"push": {**PUSH, "password": PASSWORD}}, PASSWORD),
        ({"push": {"password": PASSWORD}}, PASSWORD),
        ({"analytics": {**ANALYTICS, "client_secret": CLIENT_SECRET}}, CLIENT_SECRET),
        ({"analytics": {"client_secret": CLIENT_SECRET, "odd": 1}}, CLIENT_SECRET),
        ({"analytics": {**ANALYTICS, "events_url": f"{EVENTS_URL}?token=abc-1"}}, "abc-1"),
        ({"analytics": {**ANALYTICS, "token_url": "https://a:hunter2@x.example.org/"}}, "hunter2"),
    ],
)
def test_secret_in_the_wrong_place_is_not_repeated(
    tables: Mapping[str, object], secret: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        AccountSettings.model_validate({"token": {"env": TOKEN_VARIABLE}, **tables})

    assert_unseen(f"{caught.value} {caught.value.errors()}", secret)


def test_settings_show_references_only() -> None:
    made = AccountSettings.model_validate(
        {"token": {"env": TOKEN_VARIABLE}, "push": PUSH, "analytics": ANALYTICS}
    )

    assert_unseen(f"{made} {made!r} {made.model_dump_json(fallback=repr)}", PASSWORD, CLIENT_SECRET)

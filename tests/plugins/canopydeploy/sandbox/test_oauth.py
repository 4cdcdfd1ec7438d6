import base64
from collections.abc import Mapping
from urllib.parse import urlencode

import pytest

from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from tests.plugins.canopydeploy.sandbox.desk import Desk, read

GRANT = {"grant_type": "client_credentials", "scope": "analytics.events:read"}
FORM = "application/x-www-form-urlencoded"


def ask(
    desk: Desk,
    form: Mapping[str, str] | None = None,
    *,
    credentials: str | None = None,
    media: str = FORM,
    body: bytes | None = None,
) -> Answer:
    client = desk.platform.client
    pair = f"{client.id}:{client.secret}" if credentials is None else credentials
    headers = {
        "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "content-type": media,
    }
    content = urlencode(GRANT if form is None else form).encode() if body is None else body
    return desk.call("POST", "/oauth2/token", body=content, headers=headers)


def test_client_gets_a_token(desk: Desk) -> None:
    answer = ask(desk)

    told = read(answer)
    assert answer.status == 200
    assert (told["token_type"], told["expires_in"], told["scope"]) == (
        "Bearer",
        3600,
        "analytics.events:read",
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_token_is_another_one(desk: Desk) -> None:
    assert read(ask(desk))["access_token"] != read(ask(desk))["access_token"]


def test_scope_may_be_left_out(desk: Desk) -> None:
    assert read(ask(desk, {"grant_type": "client_credentials"}))["scope"] == GRANT["scope"]


@pytest.mark.parametrize("credentials", ["", "x:y", ":", "no-colon", "ü:ü"])
def test_unknown_client_is_answered_401(desk: Desk, credentials: str) -> None:
    answer = ask(desk, credentials=credentials)

    assert (answer.status, read(answer)["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Bearer x", "Basic !", "Basic", ""])
def test_other_ways_to_authenticate_are_answered_401(desk: Desk, header: str) -> None:
    headers = {"authorization": header, "content-type": FORM}

    answer = desk.call("POST", "/oauth2/token", body=b"", headers=headers)

    assert (answer.status, read(answer)["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({**GRANT, "scope": "everything"}, "invalid_scope"),
        ({**GRANT, "scope": ""}, "invalid_scope"),
        ({**GRANT, "scope": f"{GRANT['scope']} more"}, "invalid_scope"),
    ],
)
def test_form_that_asks_for_something_else_is_answered_400(
    desk: Desk, form: Mapping[str, str], error: str
) -> None:
    answer = ask(desk, form)

    assert (answer.status, read(answer)["error"]) == (400, error)


def test_body_that_is_no_form_is_answered_400(desk: Desk) -> None:
    answer = ask(desk, media="application/json", body=b'{"grant_type": "client_credentials"}')

    assert (answer.status, read(answer)["error"]) == (400, "invalid_request")


def test_parameter_that_is_there_twice_is_answered_400(desk: Desk) -> None:
    body = b"grant_type=client_credentials&grant_type=client_credentials"

    assert read(ask(desk, body=body))["error"] == "invalid_request"


def test_token_is_given_by_post_only(desk: Desk) -> None:
    assert desk.call("GET", "/oauth2/token").status == 405


def test_secret_is_in_no_text_about_the_client(desk: Desk) -> None:
    client = desk.platform.client

    assert client.secret not in repr(client)


def test_client_outlives_a_reset_and_its_tokens_do_not(desk: Desk) -> None:
    token = read(ask(desk))["access_token"]

    desk.control("POST", "reset")

    headers = {"authorization": f"Bearer {token}"}
    assert desk.call("GET", "/analytics-events/events", headers=headers).status == 401
    assert ask(desk).status == 200

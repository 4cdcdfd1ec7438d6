"""The settings of a batch connection."""

import traceback
from datetime import timedelta

import pytest
from pydantic import ValidationError

from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from tests.adapters.canopydeploy.made import ENDPOINT, TOKEN, TOKEN_VARIABLE, settings


def failure(**changes: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)
    return caught.value


def test_address_and_token_are_enough() -> None:
    made = CanopyDeployBatchSettings.model_validate(
        {"endpoint": ENDPOINT, "token": {"env": TOKEN_VARIABLE}}
    )

    assert (made.auth, made.timeout, made.daily_calls, made.max_call_bytes) == (
        "bearer",
        timedelta(seconds=30),
        50_000,
        6_000_000,
    )
    assert made.token.reveal() == TOKEN


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://webhook.example.org/data-receiver/spring",
        "https://webhook.example.org:8443/x?format=json",
        "http://127.0.0.1:8080/x",
        "http://127.8.0.1/x",
        "http://localhost:8080/x",
        "http://[::1]:8080/x",
    ],
)
def test_safe_address_is_taken_as_it_stands(endpoint: str) -> None:
    assert settings(endpoint=endpoint).endpoint == endpoint


@pytest.mark.parametrize(
    ("endpoint", "complaint"),
    [
        ("webhook.example.org/x", "an address is expected"),
        ("ftp://webhook.example.org/x", "an address is expected"),
        ("https:///x", "an address is expected"),
        ("https://[::1/x", "an address is expected"),
        ("http://webhook.example.org/x", "use https"),
        ("http://localhost.example.org/x", "use https"),
        ("http://10.0.0.1/x", "use https"),
        ("https://webhook.example.org:99999/x", "no valid host name or port"),
        ("https://webhook..example.org/x", "no valid host name or port"),
        ("https://webhook.example.org:x/x", "no valid host name or port"),
        ("https://webhook.example.org/x y", "a space"),
        ("https://webhook.example.org/x\n", "invisible"),
    ],
)
def test_other_addresses_are_refused(endpoint: str, complaint: str) -> None:
    assert complaint in str(failure(endpoint=endpoint))


@pytest.mark.parametrize(
    "endpoint",
    [
        f"{ENDPOINT}?token={TOKEN}",
        f"{ENDPOINT}?format=json&Token={TOKEN}",
        f"{ENDPOINT}?access_token={TOKEN}",
        f"https://user:{TOKEN}@webhook.example.org/x",
        f"https://{TOKEN}@webhook.example.org/x",
        f"{ENDPOINT}#token={TOKEN}",
        f"http://webhook.example.org/x?token={TOKEN}",
    ],
)
def test_token_in_the_address_is_refused_and_nowhere_repeated(endpoint: str) -> None:
    error = failure(endpoint=endpoint)

    shown = [str(error), repr(error), str(error.errors()), *traceback.format_exception(error)]
    assert not any(TOKEN in text for text in shown)


def test_remedy_for_a_token_in_the_address_is_told() -> None:
    error = failure(endpoint=f"{ENDPOINT}?token={TOKEN}")

    assert "take `?token=` out of the address" in str(error)
    assert "token = { env =" in str(error)


def test_token_in_the_open_is_refused_and_nowhere_repeated() -> None:
    error = failure(token=TOKEN)

    assert "by reference only" in str(error)
    assert TOKEN not in str(error) + repr(error) + str(error.errors())


def test_token_in_the_address_stays_hidden_when_another_key_is_wrong() -> None:
    with pytest.raises(ValidationError) as caught:
        CanopyDeployBatchSettings.model_validate({"endpoint": f"{ENDPOINT}?token={TOKEN}"})

    assert TOKEN not in str(caught.value) + str(caught.value.errors())


def test_settings_show_where_the_token_is_and_not_what_it_is() -> None:
    shown = repr(settings())

    assert TOKEN_VARIABLE in shown
    assert TOKEN not in shown


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"auth": "basic"}, "needs a `username`"),
        ({"username": "shop"}, "is for auth"),
        ({"auth": "basic", "username": "a:b"}, "colon"),
        ({"auth": "digest"}, "'bearer', 'basic' or 'query'"),
        ({"tiemout": "3s"}, "Extra inputs are not permitted"),
        ({"timeout": "0s"}, "greater than"),
        ({"day_zone": "Europe/Amsterdamn"}, "unknown time zone"),
        ({"day_zone": "../etc/passwd"}, "unknown time zone"),
        ({"daily_calls": 0}, "greater than or equal to 1"),
        ({"keys": {"identifier": "status"}}, "same name"),
        ({"keys": {"identifier": ""}}, "at least 1 character"),
        ({"keys": {"name": "x"}}, "Extra inputs"),
        ({"keys": {"identifier": "error"}}, "`error_key`"),
        ({"statuses": {"add": "MODIFIED"}}, "same word"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, object], complaint: str) -> None:
    assert complaint in str(failure(**changes))


def test_durations_are_written_as_elsewhere() -> None:
    assert settings(timeout="1m30s").timeout == timedelta(seconds=90)
    assert settings(timeout=5).timeout == timedelta(seconds=5)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().auth = "query"

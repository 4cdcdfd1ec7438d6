"""What failed calls mean."""

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.faults import Quota, of_answer, of_exception, until_next_day
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Permanent,
    Throttled,
    Timeout,
    Unavailable,
)
from tests.adapters.canopydeploy.made import MOMENT

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
QUOTA = Quota(daily_calls=50_000, zone=AMSTERDAM)


def answered(
    status: int,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    *,
    now: datetime = MOMENT,
) -> DeliveryError:
    answer = Answer(status=status, headers=httpx.Headers(headers), body=body)
    return of_answer(answer, quota=QUOTA, now=now, clean=str)


def raised(error: httpx.TransportError) -> DeliveryError:
    return of_exception(error, host="webhook.example.org", clean=str)


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, MalformedRequest, "400"),
        (401, InvalidCredentials, "Invalid credentials"),
        (403, InvalidCredentials, "Invalid credentials"),
        (404, EndpointRefused, "404"),
        (405, EndpointRefused, "405"),
        (406, EndpointRefused, "406"),
        (408, Ambiguous, "408"),
        (409, Unavailable, "409"),
        (410, EndpointRefused, "410"),
        (413, MalformedRequest, "413"),
        (415, EndpointRefused, "415"),
        (418, EndpointRefused, "418"),
        (422, MalformedRequest, "422"),
        (425, Unavailable, "425"),
        (429, Throttled, "429"),
        (500, Unavailable, "500"),
        (502, Ambiguous, "502"),
        (503, Unavailable, "503"),
        (504, Ambiguous, "504"),
        (599, Unavailable, "599"),
        (301, EndpointRefused, "301"),
        (304, EndpointRefused, "304"),
    ],
)
def test_status_is_told_by_who_must_act(status: int, kind: type[DeliveryError], code: str) -> None:
    error = answered(status)

    assert (type(error), error.code) == (kind, code)
    assert error.reason


@pytest.mark.parametrize(
    "status", [status for status in range(300, 600) if status not in {400, 413, 422}]
)
def test_only_three_statuses_can_bury(status: int) -> None:
    assert not isinstance(answered(status), MalformedRequest)


@pytest.mark.parametrize("header", ["X-Deployteq-API-Error", "X-Clang-API-Error"])
def test_platforms_words_in_a_header_are_passed_on(header: str) -> None:
    error = answered(400, {header: "Column seats: 'four' is no number"})

    assert (error.code, error.reason) == ("400", "Column seats: 'four' is no number")


def test_platforms_words_and_code_in_the_body_are_passed_on() -> None:
    body = json.dumps({"error": {"code": 105, "message": "Undefined value"}}).encode()

    error = answered(400, body=body)

    assert (error.code, error.reason) == ("105", "Undefined value")


def test_code_is_the_platforms_own_where_it_gives_one() -> None:
    body = json.dumps({"error": {"code": 100, "message": "Internal failure"}}).encode()

    error = answered(503, body=body)

    assert (error.code, error.reason) == ("100", "answered 503: Internal failure")


def test_refused_credentials_are_the_category_that_users_know() -> None:
    body = json.dumps({"error": {"code": 202, "message": "Invalid token"}}).encode()

    error = answered(401, body=body)

    assert (error.code, error.reason) == ("Invalid credentials", "answered 401: Invalid token")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><h1>Bad gateway</h1></html>",
        b'{"error":',
        b'{"error": null}',
        b'{"error": {"code": [1]}}',
        b'{"error": {"message": 7}}',
        b'[{"error": "x"}]',
        b"\xff\xfe",
        b'{"a":' * 100_000,
        b'{"error": "' + b"x" * 100_000 + b'"}',
    ],
)
def test_any_other_body_is_left_alone(body: bytes) -> None:
    error = answered(500, body=body)

    assert (error.code, error.reason) == ("500", "the platform failed inside")


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta()),
        (" 5 ", timedelta(seconds=5)),
        ("99999999999999999999", timedelta(days=1)),
        ("Mon, 02 Mar 2026 08:25:41 GMT", timedelta(minutes=5)),
        ("Mon, 02 Mar 2026 09:25:41 +0100", timedelta(minutes=5)),
        ("Mon, 02 Mar 2026 08:25:41", timedelta(minutes=5)),
        ("Mon, 02 Mar 2020 08:25:41 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(days=1)),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("Mon, 02 Mar 99999 08:25:41 GMT", None),
        ("Mon, 02 Mar 2026 08:25:41 +999999", None),
        ("Mon, 02 Mar 99999999999999999999 08:25:41 GMT", None),
        ("Mon, 02 Mar 2026 08:25:41 +99999999999999999999", None),
        ("", None),
    ],
)
def test_wait_that_the_platform_asks_for_is_read(text: str, wait: timedelta | None) -> None:
    headers = httpx.Headers([(b"Retry-After", text.encode())])

    error = of_answer(
        Answer(status=429, headers=headers, body=b""), quota=QUOTA, now=MOMENT, clean=str
    )

    assert isinstance(error, Throttled)
    assert error.retry_after == wait


@pytest.mark.parametrize("status", [500, 503, 409])
def test_trouble_that_names_a_moment_is_a_wish_to_wait(status: int) -> None:
    error = answered(status, {"Retry-After": "7"})

    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(seconds=7)


def test_trouble_with_a_nonsensical_moment_is_plain_trouble() -> None:
    assert type(answered(503, {"Retry-After": "soon"})) is Unavailable


def test_used_up_day_waits_for_the_next_one() -> None:
    error = answered(429, {"X-Clang-Request-Count": "50000", "Retry-After": "1"})

    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(hours=14, minutes=39, seconds=19)
    assert "50000 calls of this day" in error.reason


@pytest.mark.parametrize("count", ["49999", "-50000", "many", ""])
def test_call_rate_is_no_used_up_day(count: str) -> None:
    error = answered(429, {"X-Clang-Request-Count": count, "Retry-After": "1"})

    assert isinstance(error, Throttled)
    assert error.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        # 29 March 2026 has 23 hours in Amsterdam, 25 October has 25.
        (datetime(2026, 3, 29, 6, tzinfo=UTC), timedelta(hours=16)),
        (datetime(2026, 10, 25, 6, tzinfo=UTC), timedelta(hours=17)),
        (datetime(2026, 3, 28, 12, tzinfo=UTC), timedelta(hours=11)),
    ],
)
def test_days_of_23_and_25_hours_end_at_midnight_too(now: datetime, wait: timedelta) -> None:
    assert until_next_day(now, AMSTERDAM) == wait


def test_day_that_is_used_up_as_it_begins_is_looked_at_again_soon() -> None:
    just_after_midnight = datetime(2026, 3, 1, 23, 0, 1, tzinfo=UTC)

    assert until_next_day(just_after_midnight, AMSTERDAM) == timedelta(minutes=10)


@pytest.mark.parametrize(
    "location", ["/login", "https://portal.example.org/app/sign-in?next=/x", "/oauth2/auth", "/SSO"]
)
def test_redirect_to_a_login_page_is_about_credentials(location: str) -> None:
    assert isinstance(answered(302, {"Location": location}), InvalidCredentials)


@pytest.mark.parametrize(
    "location",
    ["https://login.example.org/app/x?token=abc", "/elsewhere", "/blogins", "https://[::1", ""],
)
def test_other_redirects_are_not_followed_and_name_the_host_only(location: str) -> None:
    error = answered(301, {"Location": location})

    assert isinstance(error, EndpointRefused)
    assert "abc" not in error.reason
    assert ("login.example.org" in error.reason) == ("login." in location)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("[Errno 111] Connection refused"),
        httpx.ConnectTimeout("timed out"),
        httpx.PoolTimeout(""),
        httpx.ProxyError("407"),
    ],
)
def test_call_that_never_left_is_surely_not_applied(error: httpx.TransportError) -> None:
    translated = raised(error)

    assert (type(translated), translated.code) == (Timeout, "Timeout")
    assert "webhook.example.org" in translated.reason


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ReadTimeout("timed out"), "Timeout"),
        (httpx.WriteTimeout("timed out"), "Timeout"),
        (httpx.ReadError("[Errno 104] Connection reset by peer"), "Other error"),
        (httpx.WriteError(""), "Other error"),
        (httpx.CloseError(""), "Other error"),
        (httpx.RemoteProtocolError("Server disconnected without a response."), "Other error"),
        (httpx.LocalProtocolError("?"), "Other error"),
    ],
)
def test_call_that_left_may_have_been_applied(error: httpx.TransportError, code: str) -> None:
    translated = raised(error)

    assert (type(translated), translated.code) == (Ambiguous, code)


def test_bad_certificate_needs_a_person() -> None:
    cause = ssl.SSLCertVerificationError(1, "certificate verify failed")
    cause.verify_message = "certificate has expired"
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    error.__cause__ = ConnectionError("wrapped")
    error.__cause__.__context__ = cause

    translated = raised(error)

    assert isinstance(translated, EndpointRefused)
    assert isinstance(translated, Permanent)
    assert "certificate has expired" in translated.reason

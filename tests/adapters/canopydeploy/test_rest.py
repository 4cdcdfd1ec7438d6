"""The sink: one call for a batch, and a report for every message."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from petiole.adapters.canopydeploy.transport import shared_tls
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.report import ACCEPTED, Rejected
from petiole.core.errors import (
    ConfigurationError,
    EndpointRefused,
    InvalidCredentials,
    InvalidSettings,
    MalformedRequest,
    MissingSecret,
)
from petiole.core.ports.profile_sink import ProfileSink
from tests.adapters.canopydeploy.made import TOKEN, TOKEN_VARIABLE, message, messages, sink


class Platform:
    """Keeps what it receives, and echoes it."""

    def __init__(self) -> None:
        self.received: list[httpx.Request] = []

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request)
        return httpx.Response(200, content=request.read())


@pytest.fixture
def platform() -> Platform:
    return Platform()


def test_it_satisfies_the_port(platform: Platform) -> None:
    with sink(platform.transport()) as webhook:
        assert isinstance(webhook, ProfileSink)


def test_batch_is_one_post(platform: Platform) -> None:
    with sink(platform.transport()) as webhook:
        report = webhook.deliver(messages(100))

    (request,) = platform.received
    assert report.outcomes == dict.fromkeys(range(1, 101), ACCEPTED)
    assert (request.method, str(request.url)) == (
        "POST",
        "https://webhook.example.org/data-receiver/spring",
    )
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"].startswith("petiole")
    assert int(request.headers["Content-Length"]) == len(request.content)


def test_bearer_token_travels_in_a_header(platform: Platform) -> None:
    with sink(platform.transport()) as webhook:
        webhook.deliver(messages(1))

    assert platform.received[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_basic_sends_the_token_as_password(platform: Platform) -> None:
    with sink(platform.transport(), auth="basic", username="shop") as webhook:
        webhook.deliver(messages(1))

    scheme, _, credentials = platform.received[0].headers["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(credentials).decode()) == ("Basic", f"shop:{TOKEN}")


def test_query_token_joins_the_query_that_is_there(platform: Platform) -> None:
    endpoint = "https://webhook.example.org/x?format=json"

    with sink(platform.transport(), auth="query", endpoint=endpoint) as webhook:
        webhook.deliver(messages(1))

    (request,) = platform.received
    assert dict(request.url.params) == {"format": "json", "token": TOKEN}
    assert "Authorization" not in request.headers


def test_changed_token_counts_at_once(platform: Platform, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("old\n")

    with sink(platform.transport(), token={"file": str(secret)}) as webhook:
        webhook.deliver(messages(1))
        secret.write_text("new\n")
        webhook.deliver(messages(1))

    sent = [request.headers["Authorization"] for request in platform.received]
    assert sent == ["Bearer old", "Bearer new"]


def test_missing_token_is_told_when_the_sink_is_opened(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE)

    with pytest.raises(MissingSecret, match=TOKEN_VARIABLE), sink(platform.transport()):
        pass


def test_address_that_no_network_knows_is_told_when_the_sink_is_opened() -> None:
    with (
        pytest.raises(InvalidSettings, match=r"https://☃\.example\.org/ is not valid"),
        sink(endpoint="https://☃.example.org/"),
    ):
        pass


def test_missing_authorities_are_told_when_the_sink_is_opened(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    shared_tls.cache_clear()

    with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"), sink():
        pass


def test_token_that_goes_missing_later_pauses_the_connection(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sink(platform.transport()) as webhook:
        monkeypatch.delenv(TOKEN_VARIABLE)

        with pytest.raises(InvalidCredentials, match=TOKEN_VARIABLE):
            webhook.deliver(messages(1))

    assert platform.received == []


@pytest.mark.parametrize("token", ["abc\ndef", "abc def", "abcdéf", "abc\x00def"])
def test_token_that_no_header_can_carry_is_not_sent_and_not_shown(
    platform: Platform, tmp_path: Path, token: str
) -> None:
    secret = tmp_path / "token"
    secret.write_text(token)

    with (
        sink(platform.transport(), token={"file": str(secret)}) as webhook,
        pytest.raises(InvalidCredentials, match="store the token and nothing else") as caught,
    ):
        webhook.deliver(messages(1))

    assert "abc" not in str(caught.value)
    assert platform.received == []


def test_message_that_cannot_be_written_does_not_stop_the_others(platform: Platform) -> None:
    with sink(platform.transport()) as webhook:
        report = webhook.deliver([message(1, {"status": "x"}), message(2)])

    assert isinstance(report.outcomes.pop(1), Rejected)  # type: ignore[attr-defined]  # a dict in fact
    assert report.outcomes == {2: ACCEPTED}


def test_call_that_would_be_empty_is_not_made(platform: Platform) -> None:
    with sink(platform.transport()) as webhook:
        report = webhook.deliver([message(1, {"status": "x"})])

    refusal = report.outcomes[message(1).id]
    assert isinstance(refusal, Rejected)
    assert refusal.reason.startswith("not sent: the platform field 'status'")
    assert not report.sent
    assert platform.received == []


def test_record_over_the_limit_is_refused_without_being_sent(platform: Platform) -> None:
    with sink(platform.transport(), max_call_bytes=100) as webhook:
        report = webhook.deliver(messages(1))

    (refusal,) = report.outcomes.values()
    assert isinstance(refusal, Rejected)
    assert (refusal.code, refusal.reason.startswith("not sent: ")) == ("413", True)
    assert (report.sent, platform.received) == (False, [])


def test_call_over_the_limit_is_malformed_without_being_sent(platform: Platform) -> None:
    with (
        sink(platform.transport(), max_call_bytes=1000) as webhook,
        pytest.raises(MalformedRequest, match="over the limit of 1000") as caught,
    ):
        webhook.deliver(messages(20))

    assert caught.value.code == "413"
    assert platform.received == []


def test_cookies_are_not_sent_back(platform: Platform) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        platform.received.append(request)
        headers = {"Set-Cookie": "session=1; Path=/"}
        return httpx.Response(200, content=request.read(), headers=headers)

    with sink(httpx.MockTransport(answer)) as webhook:
        webhook.deliver(messages(1))
        webhook.deliver(messages(1))

    assert "Cookie" not in platform.received[1].headers


@pytest.mark.parametrize("target", ["http://[", "", "//", "http://example.org:x/"])
def test_redirect_to_nowhere_is_one_still(target: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"Location": target})

    with sink(httpx.MockTransport(answer)) as webhook, pytest.raises(EndpointRefused):
        webhook.deliver(messages(1))


def test_redirect_is_not_followed() -> None:
    visited: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        visited.append(request.url.path)
        return httpx.Response(307, headers={"Location": "https://elsewhere.example.org/"})

    with (
        sink(httpx.MockTransport(answer)) as webhook,
        pytest.raises(Exception, match=r"redirects to elsewhere\.example\.org"),
    ):
        webhook.deliver(messages(1))

    assert visited == ["/data-receiver/spring"]


def test_platforms_words_reach_the_report_without_the_person() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        told = f"11001 <11001@example.org> may not use {request.headers['Authorization']}"
        return httpx.Response(400, headers={"X-Deployteq-API-Error": told})

    with (
        sink(httpx.MockTransport(answer)) as webhook,
        pytest.raises(MalformedRequest) as caught,
    ):
        webhook.deliver(messages(3))

    assert caught.value.reason == "*** <***> may not use Bearer ***"


def test_failure_that_is_not_the_wires_is_not_taken_for_one() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise LookupError("no such cassette")

    with (
        sink(httpx.MockTransport(answer)) as webhook,
        pytest.raises(LookupError, match="no such cassette"),
    ):
        webhook.deliver(messages(1))


def test_threads_share_a_sink(platform: Platform) -> None:
    barrier = threading.Barrier(8)

    with sink(platform.transport()) as webhook, ThreadPoolExecutor(8) as threads:

        def deliver(number: int) -> bool:
            if number < 8:
                barrier.wait()
            one = message(number)
            return webhook.deliver([one]).outcomes == {one.id: ACCEPTED}

        delivered = list(threads.map(deliver, range(200)))

    assert all(delivered)
    assert len(platform.received) == 200


def test_transport_that_was_handed_in_stays_open(platform: Platform) -> None:
    class Transport(httpx.MockTransport):
        closed = False

        def close(self) -> None:
            self.closed = True

    transport = Transport(platform._answer)

    with sink(transport) as webhook:
        webhook.deliver(messages(1))

    assert not transport.closed


def test_identifier_type_of_the_connection_counts(platform: Platform) -> None:
    with sink(platform.transport(), identifier=IdentifierType.HASHED_EMAIL) as webhook:
        webhook.deliver(messages(1))

    assert b'"partnerNumber":1022' in platform.received[0].content

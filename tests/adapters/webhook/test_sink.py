"""Signed calls as standardwebhooks.com specifies; what was taken is not sent again."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread

import httpx
import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.webhook import WebhookEngagementSink
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.engagement import (
    Engagement,
    EngagementId,
    EngagementKind,
    Origin,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier
from petiole.core.errors import EndpointRefused, InvalidSettings, Throttled, Transient

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = b"made-up, and long enough for a key"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
URL = "https://example.org/hook"

Handler = Callable[[httpx.Request], httpx.Response]


def engagements(numbers: range) -> Sequence[StoredEngagement]:
    return [
        StoredEngagement(
            id=EngagementId(number),
            engagement=Engagement(
                connection=ConnectionName("newsletter"),
                origin=Origin("push"),
                identifier=Identifier.customer_id(f"c-{number}"),
                kind=EngagementKind.OPEN,
                occurred_at=START,
            ),
            received_at=START,
        )
        for number in numbers
    ]


class Hook:
    """Remembers calls, and answers with one status after the other, the last one for ever."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)
        self.calls: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.calls.append(request)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    @property
    def ids(self) -> list[int]:
        return [
            one["id"]
            for call in self.calls
            for one in json.loads(call.content)["data"]["engagements"]
        ]


def sink(handler: Handler, *, secret: str = SECRET) -> WebhookEngagementSink:
    return WebhookEngagementSink(
        URL,
        secret=lambda: secret,
        encode=lambda one: json.dumps({"id": one.id}),
        clock=FrozenClock(START),
        timeout=timedelta(seconds=5),
        transport=httpx.MockTransport(handler),
    )


def test_call_is_signed_over_its_id_its_time_and_its_body() -> None:
    hook = Hook(httpx.Response(204))

    sink(hook).forward(engagements(range(1, 3)))

    (call,) = hook.calls
    id_, timestamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    signed = f"{id_}.{timestamp}.".encode() + call.content
    signature = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert call.headers["webhook-signature"] == f"v1,{signature}"
    assert timestamp == str(int(START.timestamp()))
    assert json.loads(call.content)["type"] == "petiole.engagements"


def test_same_engagements_come_under_the_same_id() -> None:
    hook = Hook(httpx.Response(200))

    for numbers in (range(1, 3), range(1, 3), range(1, 4)):
        sink(hook).forward(engagements(numbers))

    first, again, other = (call.headers["webhook-id"] for call in hook.calls)
    assert first == again != other


def test_what_was_taken_before_a_failure_is_not_sent_again() -> None:
    hook = Hook(httpx.Response(200), httpx.Response(500), httpx.Response(200))
    forwarding = sink(hook)

    with pytest.raises(Transient, match="answered 500"):
        forwarding.forward(engagements(range(1, 151)))
    forwarding.forward(engagements(range(1, 151)))

    assert hook.ids == [*range(1, 151), *range(101, 151)]


def test_address_that_is_gone_is_told_apart() -> None:
    with pytest.raises(EndpointRefused):
        sink(Hook(httpx.Response(410))).forward(engagements(range(1, 2)))


@pytest.mark.parametrize(
    "told", ["120", "Mon, 02 Mar 2026 08:02:00 GMT", "Mon, 02 Mar 2026 09:02:00 +0100"]
)
def test_wish_to_wait_is_passed_on(told: str) -> None:
    hook = Hook(httpx.Response(503, headers={"Retry-After": told}))

    with pytest.raises(Throttled) as raised:
        sink(hook).forward(engagements(range(1, 2)))

    assert raised.value.retry_after == timedelta(minutes=2)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 404, 429, 500])
def test_any_other_answer_leaves_them_for_the_next_try(status: int) -> None:
    answer = httpx.Response(status, headers={"Location": "https://example.org/other"})

    with pytest.raises(Transient):
        sink(Hook(answer)).forward(engagements(range(1, 2)))


@pytest.mark.parametrize("secret", ["plain", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%"])
def test_secret_that_cannot_sign_is_refused_and_not_told(secret: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        sink(Hook(httpx.Response(200)), secret=secret).forward(engagements(range(1, 2)))

    assert secret.removeprefix("whsec_") not in str(raised.value) or secret == "whsec_"


def test_answer_that_trickles_is_given_up() -> None:
    with trickling() as port:
        forwarding = WebhookEngagementSink(
            f"http://127.0.0.1:{port}/",
            secret=lambda: SECRET,
            encode=lambda one: json.dumps({"id": one.id}),
            clock=FrozenClock(START),
            timeout=timedelta(seconds=1),
        )

        with pytest.raises(Transient, match="did not answer"):
            forwarding.forward(engagements(range(1, 2)))


@contextmanager
def trickling() -> Iterator[int]:
    """Serve a head that never ends, a byte at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            line.settimeout(0.1)
            with line:
                try:
                    while True:
                        try:
                            if not line.recv(10_000):
                                return
                        except TimeoutError:
                            line.sendall(b"H")
                except OSError:
                    return

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)

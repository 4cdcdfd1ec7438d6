"""The token shows up nowhere, however it travels and whatever fails."""

import base64
import logging
import socket
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import pytest

from petiole.adapters.canopydeploy.rest import WebhookSink
from petiole.core.errors import DeliveryError
from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.adapters.canopydeploy.made import TOKEN_VARIABLE, hashed, messages, settings, sink
from tests.adapters.canopydeploy.twin import control, spoil

TOKEN = "3f0c2b7e+5d1a/4c55=9a0e"
"""With characters that change their looks in an address."""
BASIC = base64.b64encode(f"shop:{TOKEN}".encode()).decode()
FORMS = (TOKEN, quote(TOKEN, safe=""), quote(TOKEN))
AUTHS = [("bearer", None), ("query", None), ("basic", "shop")]

FAULTS: Mapping[str, Mapping[str, object]] = {
    "timeout": {"fault": "timeout-before"},
    "cut": {"fault": "cut-before"},
    "cut midway": {"fault": "cut-midway"},
    "html": {"fault": "html"},
    "broken": {"fault": "broken-json"},
    "refused token": {"fault": "status", "status": 401},
    "redirect": {"fault": "status", "status": 302, "headers": {"Location": f"/x?token={TOKEN}"}},
    "login": {"fault": "status", "status": 302, "headers": {"Location": f"/login?t={TOKEN}"}},
    "telltale": {"fault": "status", "status": 400, "message": " ".join([*FORMS, BASIC])},
    "busy": {"fault": "status", "status": 503},
}


@pytest.fixture(autouse=True)
def _odd_token(_token: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.fixture(scope="module")
def twin() -> Iterator[Sandbox]:
    with running(token=TOKEN) as sandbox:
        control(sandbox, "settings", {"hold_seconds": 5})
        yield sandbox


@contextmanager
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let every logger of the process speak."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    yield


def shown_by(error: BaseException) -> list[str]:
    """Collect what an exception and all those behind it may print."""
    shown = ["".join(traceback.format_exception(error))]
    chain: BaseException | None = error
    while chain is not None:
        shown += [str(chain), repr(chain), repr(vars(chain))]
        request = getattr(chain, "_request", None)
        if request is not None:
            shown += [repr(request), str(request.url), repr(request.headers.raw)]
        chain = chain.__cause__ or chain.__context__
    return shown


def shown_by_sink(webhook: WebhookSink) -> list[str]:
    parts = [webhook, *vars(webhook).values(), *vars(webhook._poster).values()]
    parts += [webhook._poster._headers.raw]
    for transport in webhook._poster._kept:
        backend = transport._backend
        parts += [transport, *vars(transport).values(), *vars(transport._pool).values()]
        parts += [*vars(backend).values(), *vars(backend.stream).values()]
    return [text for part in parts for text in (str(part), repr(part))]


def assert_unseen(shown: list[str], username: str | None) -> None:
    forms = (*FORMS, BASIC) if username else FORMS
    for text in shown:
        for form in forms:
            assert form not in text


@pytest.mark.parametrize(("auth", "username"), AUTHS)
@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_calls_and_failures_do_not_show_it(
    twin: Sandbox,
    caplog: pytest.LogCaptureFixture,
    auth: str,
    username: str | None,
    fault: str | None,
) -> None:
    errors: list[DeliveryError] = []
    with sink(endpoint=twin.rest, auth=auth, username=username, timeout="300ms") as webhook:
        control(twin, "faults", {"rules": []})
        if fault:
            spoil(twin, **FAULTS[fault])

        with everything_logged(caplog):
            try:
                webhook.deliver(messages(3))
            except DeliveryError as error:
                errors.append(error)
        shown = shown_by_sink(webhook)

    assert [bool(errors)] == [fault is not None]
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    told = [text for error in errors for text in shown_by(error)]
    assert_unseen([caplog.text, *shown, *told], username)


def test_other_users_of_the_wire_keep_their_debug_lines(
    twin: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with everything_logged(caplog):
        httpx.get(twin.control, trust_env=False)

    assert "receive_response_headers.complete" in caplog.text


@pytest.mark.parametrize(("auth", "username"), AUTHS)
def test_refused_connection_does_not_show_it(
    caplog: pytest.LogCaptureFixture, auth: str, username: str | None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"

    with (
        everything_logged(caplog),
        sink(endpoint=address, auth=auth, username=username) as webhook,
        pytest.raises(DeliveryError) as caught,
    ):
        webhook.deliver(messages(1))

    assert_unseen([caplog.text, *shown_by(caught.value)], username)


@pytest.mark.parametrize(("auth", "username"), AUTHS)
def test_settings_do_not_show_it(auth: str, username: str | None) -> None:
    made = settings(auth=auth, username=username)

    assert_unseen([str(made), repr(made), made.model_dump_json(fallback=repr)], username)


def test_hashes_and_addresses_in_the_platforms_words_do_not_show() -> None:
    person = "sanne.devries@example.org"

    def answer(request: httpx.Request) -> httpx.Response:
        told = f"customer {hashed(person)} ({person}) is blocked"
        return httpx.Response(400, json={"error": {"code": 105, "message": told}})

    with sink(httpx.MockTransport(answer)) as webhook, pytest.raises(DeliveryError) as caught:
        webhook.deliver(messages(1))

    assert caught.value.reason == "customer *** (***) is blocked"

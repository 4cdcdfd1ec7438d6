"""The token and the profile show up nowhere, whatever fails; each call carries the token inside."""

import logging
import socket
from collections.abc import Iterator, Mapping

import httpx
import pytest

from petiole.core.errors import DeliveryError
from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.adapters.canopydeploy.made import TOKEN, hashed, message
from tests.adapters.canopydeploy.soap.made import (
    answering,
    enveloped,
    fault,
    listing,
    result,
    runs,
    settings,
)
from tests.adapters.canopydeploy.test_secrecy import everything_logged, shown_by
from tests.adapters.canopydeploy.twin import control, spoil

PERSON = "sanne.devries@example.org"

FAULTS: Mapping[str, Mapping[str, object]] = {
    "timeout": {"fault": "timeout-before"},
    "cut": {"fault": "cut-before"},
    "cut midway": {"fault": "cut-midway"},
    "html": {"fault": "html"},
    "half": {"fault": "broken-json"},
    "refused token": {"fault": "status", "status": 401},
    "redirect": {"fault": "status", "status": 302, "headers": {"Location": f"/x?t={TOKEN}"}},
    "telltale": {"fault": "status", "status": 400, "message": f"bad {TOKEN}"},
    "busy": {"fault": "status", "status": 503},
}


@pytest.fixture(scope="module")
def twin() -> Iterator[Sandbox]:
    with running(token=TOKEN) as sandbox:
        control(sandbox, "settings", {"hold_seconds": 5})
        yield sandbox


def test_token_travels_in_the_body_and_nowhere_else() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=result("<n:msg>true</n:msg>"))

    with runs(httpx.MockTransport(keep)) as sink:
        sink.deliver([message(1)])

    (request,) = seen
    assert f"uuid>{TOKEN}<".encode() in request.content
    assert TOKEN not in f"{request.url} {request.headers.raw}"


@pytest.mark.parametrize("trouble", [None, *FAULTS])
def test_calls_and_failures_do_not_show_it(
    twin: Sandbox, caplog: pytest.LogCaptureFixture, trouble: str | None
) -> None:
    errors: list[DeliveryError] = []
    with runs(soap_url=twin.soap, timeout="300ms") as sink:
        control(twin, "faults", {"rules": []})
        if trouble:
            spoil(twin, **FAULTS[trouble])
        with everything_logged(caplog):
            try:
                sink.deliver([message(1, {"address": PERSON})])
            except DeliveryError as error:
                errors.append(error)
        shown = [repr(part) for part in (sink, *vars(sink).values(), *vars(sink._client).values())]

    assert [bool(errors)] == [trouble is not None]
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    told = [text for error in errors for text in shown_by(error)]
    for text in (caplog.text, *shown, *told):
        assert TOKEN not in text
        assert PERSON not in text


ECHOES = {
    "fault": fault("105", f"token {TOKEN} of {PERSON} ({hashed(PERSON)})"),
    "code": result(f"<n:msg>{TOKEN} {PERSON}</n:msg>", code="5"),
    "refused": fault("202", f"unknown token {TOKEN}"),
    "broken": enveloped(f"<a>{TOKEN} {PERSON}</a>")[:-9],
    "stranger": enveloped(f"<a>{TOKEN} {PERSON}</a>"),
    "odd": result(f"<n:msg>{TOKEN} {PERSON}</n:msg>"),
    "unasked": result(f"<n:msg>true</n:msg><n:more>{TOKEN} {PERSON}</n:more>"),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("status", [200, 500])
def test_platform_that_repeats_it_does_not_make_us_repeat_it(
    caplog: pytest.LogCaptureFixture, echo: str, status: int
) -> None:
    told: list[str] = []

    with runs(answering(ECHOES[echo], status=status)) as sink, everything_logged(caplog):
        try:
            told.append(repr(sink.deliver([message(1)])))
        except DeliveryError as error:
            told += shown_by(error)

    for text in (caplog.text, *told):
        assert TOKEN not in text
        assert PERSON not in text


def test_list_that_is_asked_for_again_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with (
        listing(answering(f"<html>{TOKEN}</html>".encode())) as source,
        everything_logged(caplog),
        pytest.raises(DeliveryError) as caught,
    ):
        source.campaigns()

    assert "stamina" in {record.name.partition(".")[0] for record in caplog.records}
    assert TOKEN not in caplog.text + "".join(shown_by(caught.value))


def test_refused_connection_does_not_show_it(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/soap"

    with (
        everything_logged(caplog),
        runs(soap_url=address) as sink,
        pytest.raises(DeliveryError) as caught,
    ):
        sink.deliver([message(1)])

    assert TOKEN not in caplog.text + "".join(shown_by(caught.value))


def test_settings_do_not_show_it() -> None:
    made = settings()

    assert TOKEN not in str(made) + repr(made) + made.model_dump_json(fallback=repr)


def test_nothing_was_logged_above_debug_for_a_good_call(
    twin: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    control(twin, "faults", {"rules": []})

    with runs(soap_url=twin.soap) as sink, caplog.at_level(logging.WARNING):
        sink.deliver([message(1)])

    assert caplog.records == []

"""Refusals are kept in the platform's own words, and without the person whom they speak of."""

import json
from collections.abc import Callable, Sequence

import httpx
import pytest

from petiole.core.domain.message import Message
from petiole.core.domain.report import Rejected
from petiole.core.errors import DeliveryError
from petiole.core.ports.profile_sink import ProfileSink
from tests.adapters.canopydeploy.made import TOKEN, message, sink
from tests.adapters.canopydeploy.soap.made import answering, enveloped, fault, members, result, runs
from tests.adapters.canopydeploy.test_record import ADDRESS, HASH, customer, person

TOLD = f'bad sanne-CANARY of Zoutelande "Canary" & Zn, 7654321, {ADDRESS} {HASH} {TOKEN} 87654321'
CANARIES = (TOKEN, HASH, ADDRESS, "canary", "zoutelande", "7654321", "87654321")
CLEAN = "bad *** of ***, ***, *** *** *** ***"


def reasons(opened: ProfileSink, sent: Sequence[Message]) -> str:
    """Deliver, and tell all that is said about it."""
    try:
        report = opened.deliver(sent)
    except DeliveryError as error:
        return f"{error.code} {error.reason}"
    told = [told for told in report.outcomes.values() if isinstance(told, Rejected)]
    return " ".join(f"{each.code} {each.reason}" for each in told)


def assert_clean(told: str) -> None:
    assert told
    assert [value for value in CANARIES if value in told.lower()] == []


@pytest.mark.parametrize("who", [person, customer])
@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 502, 503])
def test_refusal_of_a_call_names_nobody(who: Callable[[], list[Message]], status: int) -> None:
    body = json.dumps({"error": {"code": TOLD, "message": TOLD}}).encode()

    with sink(httpx.MockTransport(lambda _: httpx.Response(status, content=body))) as webhook:
        told = reasons(webhook, [*who(), message(2)])

    assert_clean(told)
    assert "bad *** of" in told


@pytest.mark.parametrize("error", [TOLD, {"code": 105, "message": TOLD}, {"code": TOLD}])
def test_refusal_of_a_record_names_nobody(error: object) -> None:
    def mark(request: httpx.Request) -> httpx.Response:
        records = json.loads(request.content)
        return httpx.Response(200, json=[{**record, "error": error} for record in records])

    with sink(httpx.MockTransport(mark)) as webhook:
        told = reasons(webhook, [*customer(), message(2)])

    assert_clean(told)
    assert told.count("bad *** of") == 2


def test_refusal_by_the_wire_names_nobody() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(TOLD, request=request)

    with sink(httpx.MockTransport(fail)) as webhook:
        told = reasons(webhook, customer())

    assert_clean(told)


FAULTS = {
    "fault": fault("105", TOLD.replace("&", "&amp;")),
    "code of a fault": fault(TOLD.replace("&", "&amp;"), "no"),
    "no success": result(f"<n:msg>{TOLD.replace('&', '&amp;')}</n:msg>", code="5"),
    "fault of its own": fault("Server", TOLD.replace("&", "&amp;")),
    "stranger": enveloped("<a>87654321</a>"),
}


@pytest.mark.parametrize("answer", FAULTS)
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("open_sink", [runs, members])
def test_refusal_of_a_realtime_call_names_nobody(
    open_sink: Callable[..., object], answer: str, status: int
) -> None:
    transport = answering(FAULTS[answer], status=status)

    with open_sink(transport) as opened:  # type: ignore[attr-defined]  # one of two sinks
        told = reasons(opened, customer())

    assert_clean(told)


def test_words_of_the_platform_stay_readable() -> None:
    words = "Undefined value for field city, line 7: no such country"
    about = message(1, {"city": "7", "country": "no", "field": "Value", "note": "-"})
    refuse = {"X-Deployteq-API-Error": words}

    with sink(httpx.MockTransport(lambda _: httpx.Response(400, headers=refuse))) as webhook:
        told = reasons(webhook, [about])
    with runs(answering(fault("105", words))) as realtime:
        told_at_once = reasons(realtime, [about])

    assert (told, told_at_once) == (f"400 {words}", f"105 {words}")


def test_what_was_said_is_whole_but_for_the_person() -> None:
    refuse = {"X-Deployteq-API-Error": TOLD}

    with sink(httpx.MockTransport(lambda _: httpx.Response(400, headers=refuse))) as webhook:
        told = reasons(webhook, customer())

    assert told == f"400 {CLEAN}"

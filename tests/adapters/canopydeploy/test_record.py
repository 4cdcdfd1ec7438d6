"""The record of a call tells what happened, and nothing delicate."""

import json
from collections.abc import Callable, Mapping

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.record import of_records
from petiole.adapters.canopydeploy.rest import WebhookSink
from petiole.adapters.canopydeploy.wire import Wire
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message
from petiole.core.errors import Ambiguous, DeliveryError, InvalidCredentials, MalformedRequest
from petiole.core.exchange import LONGEST_CHARACTERS, Exchange
from petiole.core.ports.profile_sink import ProfileSink
from tests.adapters.canopydeploy import made
from tests.adapters.canopydeploy.made import (
    ENDPOINT,
    TOKEN,
    TOKEN_VARIABLE,
    hashed,
    message,
    messages,
    sink,
)
from tests.adapters.canopydeploy.soap.made import fault, members, result, runs

ADDRESS = "sanne.devries@example.org"
CANARIES: Mapping[str, JsonValue] = {
    "firstname": "Sanne-Canary",
    "address": ADDRESS,
    "city": 'Zoutelande "Canary" & Zn',
    "loyalty": 7_654_321,
    "nested": {"deep": ["Canary-in-a-list"]},
}
HASH = hashed(ADDRESS)


def person() -> list[Message]:
    """One whose every value would be noticed."""
    return [message(1, CANARIES, identifier=Identifier.hashed_email(HASH))]


def customer() -> list[Message]:
    return [message(1, CANARIES, identifier=Identifier.customer_id("87654321"))]


def leaks(exchange: Exchange, sent: list[Message]) -> list[str]:
    """List the delicate values that a record holds."""
    text = f"{exchange.request}\n{exchange.answer}".lower()
    values = [TOKEN, HASH, ADDRESS, "canary", "zoutelande", "7654321", "87654321"]
    values += [each.change.identifier.value for each in sent]
    return [value for value in values if value.lower() in text]


def exchange_of(opened: ProfileSink, sent: list[Message]) -> Exchange:
    """Deliver, and return the record of the call, whatever came of it."""
    try:
        exchange = opened.deliver(sent).exchange
    except DeliveryError as error:
        exchange = error.exchange
    assert exchange is not None
    return exchange


def answering(
    status: int, body: bytes, headers: Mapping[str, str] | None = None
) -> httpx.MockTransport:
    return httpx.MockTransport(
        lambda _: httpx.Response(status, content=body, headers=dict(headers or {}))
    )


def echo(request: httpx.Request) -> httpx.Response:
    records = json.loads(request.content)
    marked = [{**record, "clang_id": f"clang_{n}"} for n, record in enumerate(records)]
    return httpx.Response(200, json=marked, headers={"X-Clang-Request-Count": "17"})


def test_success_tells_both_sides_by_their_shape() -> None:
    with sink(httpx.MockTransport(echo), endpoint=f"{ENDPOINT}?format=json") as webhook:
        exchange = exchange_of(webhook, messages(3))

    first, media, size, shape = exchange.request.split("\n")
    assert first == f"POST {ENDPOINT}"
    assert media == "Content-Type: application/json; charset=utf-8"
    assert size == "3 records, 507 bytes; the first:"
    assert '"identifier":text of 5' in shape
    assert '"tier":number of 1' in shape
    status, media, count, _, shape = exchange.answer.split("\n")
    assert (status, media) == ("200 OK", "Content-Type: application/json")
    assert count == "X-Clang-Request-Count: 17"
    assert shape.endswith('"clang_id":text of 7},…')


def test_names_within_a_field_are_values_too() -> None:
    sent = [message(1, {"orders": {"Zoutelande": 3}})]

    with sink(httpx.MockTransport(echo)) as webhook:
        exchange = exchange_of(webhook, sent)

    assert '"orders":{"text of 10":number of 1}' in exchange.request
    assert '"orders":{"text of 10":number of 1}' in exchange.answer


values = st.text(max_size=5) | st.integers() | st.none() | st.booleans()
deep = values | st.dictionaries(st.sampled_from(["code", "city"]), values, min_size=1)


@given(
    fields=st.dictionaries(st.sampled_from(["code", "{", "[", "city"]) | st.text(), deep),
    added=st.sampled_from(
        ["", ',"clang_id":"clang_88213"', ',"clang_id":88213', ',"clang_id":07', ',"error":"No"']
    ),
    field_count=st.sampled_from([0, 50, 51, 52, 53]),
    length=st.sampled_from([0, 3_700, 3_800, 3_850, 4_000]),
)
def test_first_record_looks_the_same_whether_recognised_or_parsed(
    fields: dict[str, JsonValue], added: str, field_count: int, length: int
) -> None:
    wide = {f"field_{number}": "" for number in range(field_count)}
    one = message(1, {**fields, **wide, "z": "x" * length})
    call = Wire(made.settings(), IdentifierType.CUSTOMER_ID).call([one])
    record = of_records("", call.body, media="", records=1, clean=str)
    answer = Answer(status=200, headers={}, body=call.body[:-2] + added.encode() + b"}]")

    recognised = record.answered(answer)
    record._echo = None

    assert recognised == record.answered(answer)


def test_refusal_keeps_the_platforms_own_words() -> None:
    body = b'{"error": {"code": 400, "message": "no such country"}}'
    headers = {"Retry-After": "30", "X-Deployteq-API-Error": "no such country", "X-Other": "x"}

    with sink(answering(400, body, headers)) as webhook:
        exchange = exchange_of(webhook, messages(2))

    assert exchange.answer.split("\n") == [
        "400 Bad Request",
        "Retry-After: 30",
        "X-Deployteq-API-Error: no such country",
        "54 bytes:",
        '{"error":{"code":400,"message":"no such country"}}',
    ]


def test_call_without_an_answer_tells_what_happened() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused", request=request)

    with sink(httpx.MockTransport(refuse)) as webhook:
        exchange = exchange_of(webhook, messages(1))

    assert exchange.answer == (
        "no answer: no connection to webhook.example.org: Connection refused"
    )


def test_call_that_was_not_made_has_no_record() -> None:
    with (
        sink(httpx.MockTransport(echo), max_call_bytes=10) as webhook,
        pytest.raises(MalformedRequest) as told,
    ):
        webhook.deliver(messages(2))

    assert told.value.exchange is None


def test_call_that_no_token_could_be_found_for_has_no_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with sink(httpx.MockTransport(echo)) as webhook:
        monkeypatch.delenv(TOKEN_VARIABLE)
        with pytest.raises(InvalidCredentials) as told:
            webhook.deliver(messages(1))

    assert told.value.exchange is None


def test_number_of_a_customer_in_the_platforms_words_is_hidden() -> None:
    body = b'{"error": {"code": 87654321, "message": "unknown"}}'

    with sink(answering(400, body, {"X-Deployteq-API-Error": "87654321"})) as webhook:
        exchange = exchange_of(webhook, customer())

    assert "87654321" not in exchange.answer
    assert '"message":"unknown"' in exchange.answer


@pytest.mark.parametrize("depth", [20, 300])
def test_depth_is_no_trouble(depth: int) -> None:
    deep: JsonValue = "Zoutelande"
    for _ in range(depth):
        deep = {"in": [deep]}
    sent = [message(1, {"deep": deep})]

    with sink(httpx.MockTransport(echo)) as webhook:
        taken = exchange_of(webhook, sent)
    with sink(answering(400, b'{"error": "for Zoutelande"}')) as webhook:
        refused = exchange_of(webhook, sent)

    assert leaks(taken, sent) == []
    assert refused.answer.endswith('{"error":"for ***"}')


@given(st.binary(max_size=300), st.sampled_from([200, 400, 503]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_answer_is_too_odd_to_be_recorded(body: bytes, status: int) -> None:
    with sink(answering(status, body, {"Content-Type": "application/json"})) as webhook:
        exchange = exchange_of(webhook, messages(2))

    assert exchange.answer.startswith(str(status))


def test_page_is_told_by_its_beginning() -> None:
    page = f"<!doctype html><title>Sorry</title>{'x ' * 4_000}".encode()

    with sink(answering(502, page, {"Content-Type": "text/html"})) as webhook:
        exchange = exchange_of(webhook, messages(1))

    assert "<title>Sorry</title>" in exchange.answer
    assert len(exchange.answer) < 400


@pytest.mark.parametrize("repeats", [1, 90, 5_000])
def test_record_is_bounded(repeats: int) -> None:
    wide = [message(n, {f"field_{i}": "x" for i in range(repeats)}) for n in range(1, 4)]
    body = json.dumps([{"error": {"message": "y" * 300}}] * repeats).encode()

    with sink(answering(400, body)) as webhook:
        exchange = exchange_of(webhook, wide)

    assert 0 < len(exchange.request) <= LONGEST_CHARACTERS
    assert 0 < len(exchange.answer) <= LONGEST_CHARACTERS


def _mirrored(form: Callable[[str], str], status: int, media: str) -> httpx.MockTransport:
    """A platform that repeats the whole call, headers and all, in some form."""

    def answer(request: httpx.Request) -> httpx.Response:
        told = f"{request.headers.get('Authorization')} {request.url} {request.content.decode()}"
        headers = {
            "Content-Type": media,
            "X-Deployteq-API-Error": told.encode("ascii", "replace").decode().replace("\n", " "),
            "Retry-After": f"after {HASH} {TOKEN}",
        }
        return httpx.Response(status, content=form(told).encode(), headers=headers)

    return httpx.MockTransport(answer)


MIRRORS: Mapping[str, Callable[[str], str]] = {
    "text": str,
    "the end of a text": lambda told: told[-200:],
    "upper case": str.upper,
    "page": lambda told: f"<html><body>{told}</body></html>",
    "message": lambda told: json.dumps({"error": {"code": told, "message": told}}),
    "name": lambda told: json.dumps({told: 1, HASH: 2, ADDRESS: 3}),
    "broken JSON": lambda told: told[told.index("[") : -5] if "[" in told else f"[{told}",
    "a JSON text": lambda told: json.dumps([told, {"token": TOKEN}]),
    "XML": lambda told: f'<a b="{HASH}"><c>{told}</c><faultstring>{told}</faultstring></a>',
    "entity": lambda told: f"<!DOCTYPE a [<!ENTITY b '{told}'>]><a>&b;</a>",
    "many hashes": lambda _: f"{HASH},{TOKEN}," * 60,
}


@pytest.mark.parametrize("form", MIRRORS)
@pytest.mark.parametrize("status", [200, 400, 429, 503])
@pytest.mark.parametrize("media", ["application/json", "text/html", "text/xml"])
@pytest.mark.parametrize("who", [person, customer])
def test_record_holds_nothing_delicate_whatever_is_answered(
    form: str, status: int, media: str, who: Callable[[], list[Message]]
) -> None:
    sent = who()

    with sink(_mirrored(MIRRORS[form], status, media), auth="query") as webhook:
        exchange = exchange_of(webhook, sent)

    assert leaks(exchange, sent) == []


@pytest.mark.parametrize("form", MIRRORS)
@pytest.mark.parametrize("status", [200, 500])
def test_realtime_record_holds_nothing_delicate_whatever_is_answered(
    form: str, status: int
) -> None:
    sent = customer()

    with runs(_mirrored(MIRRORS[form], status, "text/xml")) as opened:
        exchange = exchange_of(opened, sent)

    assert leaks(exchange, sent) == []


def test_realtime_call_tells_its_operation_and_options() -> None:
    with runs(
        answering(200, result("<n:msg>true</n:msg>"), {"Content-Type": "text/xml"})
    ) as opened:
        exchange = exchange_of(opened, messages(1))

    first, media, size, shape = exchange.request.split("\n")
    assert first == "POST https://soap.example.org/index.php"
    assert media == "Content-Type: text/xml"
    assert size.startswith("campaign_executeAsync, ")
    assert shape.startswith('{"campaignId":number of 4,"options":{"identifier":text of 5,')
    assert exchange.answer.endswith(
        "<Envelope><Body><campaign_executeAsyncResponse><code>0</code><msg>true</msg>"
        "</campaign_executeAsyncResponse></Body></Envelope>"
    )


def test_fault_that_rejects_a_message_is_in_the_record() -> None:
    told = fault("105", "no such country: Zoutelande &quot;Canary&quot; &amp; Zn")

    with runs(answering(500, told, {"Content-Type": "text/xml"})) as opened:
        exchange = exchange_of(opened, customer())

    assert "<faultcode>105</faultcode>" in exchange.answer
    assert "<faultstring>no such country: ***</faultstring>" in exchange.answer


def test_unreadable_realtime_answer_is_in_the_record() -> None:
    body = result("<n:msg>perhaps</n:msg>")

    with (
        runs(answering(200, body, {"Content-Type": "text/xml"})) as opened,
        pytest.raises(Ambiguous) as told,
    ):
        opened.deliver(messages(1))

    assert told.value.exchange is not None
    assert "<msg>perhaps</msg>" in told.value.exchange.answer


def test_membership_that_holds_already_is_in_the_record() -> None:
    with members(
        answering(500, fault("107", "is a member"), {"Content-Type": "text/xml"})
    ) as opened:
        exchange = exchange_of(opened, messages(1))

    assert "campaign_addMember" in exchange.request
    assert "<faultcode>107</faultcode>" in exchange.answer


def test_sink_and_its_record_speak_of_the_same_call() -> None:
    with sink(httpx.MockTransport(echo)) as webhook:
        assert isinstance(webhook, WebhookSink)
        sizes = [exchange_of(webhook, messages(n)).request.split("\n")[2] for n in (1, 2)]

    assert [size.partition(",")[0] for size in sizes] == ["1 records", "2 records"]

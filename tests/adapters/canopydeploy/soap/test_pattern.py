"""Calls that are filled in by a pattern: byte for byte what zeep would have written."""

from collections.abc import Mapping, Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from zeep import Client

from petiole.adapters.canopydeploy.soap.interface import READING, Offline, interface
from petiole.adapters.canopydeploy.soap.pattern import Pattern
from petiole.core.domain.change import ChangeKind
from tests.adapters.canopydeploy.made import TOKEN, message
from tests.adapters.canopydeploy.soap.made import ENVELOPE, TRUE, members, result, runs

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\t\n\r"),
    max_size=12,
).filter(lambda text: not {"\ufffe", "\uffff"} & set(text))


def written(operation: str, arguments: Mapping[str, object]) -> etree._Element:
    """The element of a call, as zeep writes it."""
    client = Client(interface().document, transport=Offline(), settings=READING)  # type: ignore[no-untyped-call]
    envelope: etree._Element = client.create_message(  # type: ignore[no-untyped-call]
        client.service, operation, **arguments
    )
    call: etree._Element = envelope[-1][0]
    return call


def filled(pattern: Pattern, arguments: Mapping[str, object]) -> bytes:
    whole = etree.Element("whole", nsmap={"soap-env": ENVELOPE})  # as it lies in an envelope
    pattern.fill(whole, arguments)
    return etree.tostring(whole[0])


def run(token: str, campaign: int, options: Sequence[tuple[str, str]]) -> Mapping[str, object]:
    named = [{"name": name, "value": value} for name, value in options]
    return {"uuid": token, "campaignId": campaign, "options": {"Option": named}}


PATTERN = Pattern.of(written("campaign_executeAsync", run("", 1, [("", "")])))


@given(
    token=TEXTS,
    campaign=st.integers(1, 2**63 - 1),
    options=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4),
)
def test_filled_call_is_what_zeep_writes(
    token: str, campaign: int, options: Sequence[tuple[str, str]]
) -> None:
    arguments = run(token, campaign, options)

    assert filled(PATTERN, arguments) == etree.tostring(written("campaign_executeAsync", arguments))


def test_parts_stand_in_the_order_of_the_wsdl() -> None:
    arguments = run("t", 1, [("a", "b")])

    assert filled(PATTERN, dict(reversed([*arguments.items()]))) == filled(PATTERN, arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"uuid": "t", "campaignId": 1},
        {**run("t", 1, [("a", "b")]), "more": "x"},
        {**run("t", 1, [("a", "b")]), "options": "text"},
    ],
    ids=["one is missing", "one too many", "no parts"],
)
def test_other_parts_are_refused(arguments: Mapping[str, object]) -> None:
    with pytest.raises(TypeError, match="has the parts"):
        filled(PATTERN, arguments)


def test_what_xml_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="XML"):
        filled(PATTERN, run("t", 1, [("a", "\x00")]))


def test_later_calls_carry_what_is_theirs_only() -> None:
    bodies: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(request.content)
        return httpx.Response(200, content=TRUE)

    with runs(httpx.MockTransport(answer)) as sink:
        sink.deliver([message(1, {"city": "Köln", "tier": 7})])
        sink.deliver([message(2, {"name": "A & <B>"})])

    asked = run(
        TOKEN,
        4711,
        [
            ("identifier", "11002"),
            ("identifierType", "CUSTOMER_ID"),
            ("status", "NEW"),
            ("name", "A & <B>"),
        ],
    )
    [body] = etree.fromstring(bodies[1])
    assert etree.tostring(body[0]) == etree.tostring(written("campaign_executeAsync", asked))
    assert bodies[1].startswith(b"<?xml version='1.0' encoding='utf-8'?>\n<soap-env:Envelope ")


def test_each_operation_has_a_pattern_of_its_own() -> None:
    calls: list[tuple[str, list[str]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        [[call]] = etree.fromstring(request.content)
        operation = etree.QName(call).localname
        calls.append((operation, [part.text or "" for part in call]))
        return httpx.Response(200, content=result("<n:msg>true</n:msg>", operation=operation))

    with members(httpx.MockTransport(answer)) as sink:
        for number in (1, 2):
            for kind in (ChangeKind.ADD, ChangeKind.REMOVE):
                sink.deliver([message(number, kind=kind)])

    assert calls == [
        ("campaign_addMember", [TOKEN, "4711", "11001"]),
        ("campaign_removeMember", [TOKEN, "4711", "11001"]),
        ("campaign_addMember", [TOKEN, "4711", "11002"]),
        ("campaign_removeMember", [TOKEN, "4711", "11002"]),
    ]

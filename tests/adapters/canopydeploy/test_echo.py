"""An echo that is compared reads as one that is parsed."""

import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.echo import compared
from petiole.adapters.canopydeploy.wire import Wire, reserved_names
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Outcome, Rejected
from petiole.core.errors import Ambiguous
from tests.adapters.canopydeploy.made import message, messages, settings

ID = b',"clang_id":"clang_88213"'


def sent(batch: Sequence[Message]) -> Sequence[bytes]:
    return Wire(settings(), IdentifierType.CUSTOMER_ID).call(batch).records


def with_ids(records: Sequence[bytes], *, between: bytes = b",") -> bytes:
    return b"[" + between.join(record[:-1] + ID + b"}" for record in records) + b"]"


@pytest.mark.parametrize("between", [b",", b", ", b",\n"])
@pytest.mark.parametrize("end", [b"", b"\n", b" \r\n"])
def test_records_that_came_back_with_ids_are_not_parsed(between: bytes, end: bytes) -> None:
    records = sent(messages(3))

    assert compared(with_ids(records, between=between) + end, records, added="clang_id") == [
        None,
        None,
        None,
    ]


def test_ids_may_be_numbers() -> None:
    records = sent(messages(2))
    answer = with_ids(records).replace(b'"clang_88213"', b"88213")

    assert compared(answer, records, added="clang_id") == [None, None]


def test_record_that_came_back_otherwise_is_parsed_alone() -> None:
    records = sent(messages(3))
    answer = with_ids([records[0], records[1].replace("ö".encode(), b"\\u00f6"), records[2]])

    read = compared(answer, records, added="clang_id")

    assert read == [None, json.loads(records[1]), None]


@pytest.mark.parametrize(
    "end", [b"", b"]]", b"] x", b"]\0", b"]\x0b", b",]"], ids=lambda end: end.decode()
)
def test_array_that_does_not_end_is_left_to_the_parser(end: bytes) -> None:
    records = sent(messages(2))

    assert compared(with_ids(records)[:-1] + end, records, added="clang_id") is None


@pytest.mark.parametrize(
    "id_",
    [
        '"a","b"',
        "1,2",
        '"a","b":1',
        '"a"b"',
        '"a\\',
        "007",
        "1e",
        "tru",
        '"é',
        '"a\n"',
        "",
        '"',
        "[]",
        '{"a":1}',
    ],
)
def test_odd_id_is_left_to_the_parser(id_: str) -> None:
    records = sent(messages(2))
    answer = with_ids(records).replace(b'"clang_88213"', id_.encode(), 1)

    assert compared(answer, records, added="clang_id") is None


@pytest.mark.parametrize("between", [b"", b" ", b",,", b"\n,", b",\x0b", b",]"])
def test_odd_separator_is_left_to_the_parser(between: bytes) -> None:
    records = sent(messages(2))

    assert compared(with_ids(records, between=between), records, added="clang_id") is None


def test_comma_without_a_member_before_it_is_left_to_the_parser() -> None:
    records = sent(messages(3))
    answer = with_ids([records[0], b"{}", records[2]])

    assert compared(answer, records, added="clang_id") is None


@pytest.mark.parametrize("count", [0, 1])
def test_next_to_nothing_is_left_to_the_parser(count: int) -> None:
    records = sent(messages(count))

    assert compared(with_ids(records), records, added="clang_id") is None


TRAPS = ['"', "\\", "}", "},", "},\n{", ',"clang_id":"x"}', '"error":', "]", "ö", "€", "\U0001f600"]
MEMBERS = [
    b"",
    ID,
    ID,
    ID,
    b',"clang_id":77',
    b',"clang_id":077',
    b',"clang_id":"a","b"',
    b',"clang_id":"a","b":1',
    b',"clang_id":"a\\"b"',
    b',"clang_id":{"clang_id":"x"}',
    b',"error":"No"',
    b',"error":{"code":105,"message":"No"}',
    b',"error":"No"' + ID,
    ID + b',"error":"No"',
    ID + ID,
]
PATCHES = [
    b"",
    b",",
    b"}",
    b"{",
    b"]",
    b'"',
    b"\\",
    b"\n",
    b" ",
    b"},",
    b"\xff",
    ID,
    ID + b"},\n",
    b'"error":1,',
    b',"error":"No"',
]
texts = st.lists(st.sampled_from(TRAPS) | st.text(max_size=3), max_size=4).map("".join)
names = texts.filter(lambda name: name not in reserved_names(settings()))
values: st.SearchStrategy[JsonValue] = st.recursive(
    texts | st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@st.composite
def exchanges(draw: st.DrawFn) -> tuple[Sequence[Message], bytes]:
    """Draw a batch and what might be its answer: an echo in some form, marked, mixed up, broken."""
    fields = draw(st.lists(st.dictionaries(names, values, max_size=3), min_size=2, max_size=4))
    batch = [message(number, each) for number, each in enumerate(fields, 1)]
    ours = list(sent(batch))
    if draw(st.booleans()):
        ours = [json.dumps(json.loads(one), separators=(",", ":")).encode() for one in ours]
    sometimes = st.sampled_from([False, False, True])
    member = st.sampled_from(MEMBERS) if draw(sometimes) else st.just(ID)
    marked = [one[:-1] + draw(member) + b"}" for one in ours]
    if draw(sometimes):
        marked = draw(st.lists(st.sampled_from(marked), max_size=5))
    answer = b"[" + draw(st.sampled_from([b",\n", b",", b", ", b" ,"])).join(marked) + b"]"
    for _ in range(draw(st.sampled_from([0, 1, 1, 2]))):
        joints = [len(answer), *(each.end() for each in re.finditer(rb'[}"],?\n?', answer))]
        place = draw(st.sampled_from(joints) | st.integers(0, len(answer)))
        end = place + draw(st.integers(0, 3))
        start = max(place - draw(st.integers(0, 2)), 0)
        answer = answer[:start] + draw(st.sampled_from(PATCHES)) + answer[end:]
    return batch, answer


def outcomes(
    batch: Sequence[Message], body: bytes, **changes: object
) -> dict[MessageId, Outcome] | None:
    wire = Wire(settings(**changes), IdentifierType.CUSTOMER_ID)
    try:
        read = Answer(status=200, headers={}, body=body)
        return wire.outcomes(wire.call(batch), read, clean=str)
    except Ambiguous:
        return None


@given(exchanges(), st.sampled_from(["echo", "any"]))
def test_comparing_reads_what_parsing_reads(
    exchange: tuple[Sequence[Message], bytes], answer: str
) -> None:
    batch, body = exchange

    # What begins with a space is not compared, and means the same.
    assert outcomes(batch, body, answer=answer) == outcomes(batch, b" " + body, answer=answer)


@given(exchanges())
def test_what_is_compared_is_json_that_holds_no_more_than_ids(
    exchange: tuple[Sequence[Message], bytes],
) -> None:
    batch, body = exchange
    records = sent(batch)
    read = compared(body, records, added="clang_id")

    if read is not None:
        document = json.loads(body)
        assert len(read) == len(document)
        for own, told, parsed in zip(records, read, document, strict=True):
            assert parsed.pop("clang_id")
            assert parsed == json.loads(own) if told is None else parsed | told == parsed


@pytest.mark.parametrize("key", ["error_key", "keys"])
def test_platforms_id_in_another_role_is_no_mere_addition(key: str) -> None:
    changes = {key: "clang_id" if key == "error_key" else {"identifier": "clang_id"}}
    wire = Wire(settings(**changes), IdentifierType.CUSTOMER_ID)
    call = wire.call(messages(1))
    answer = Answer(status=200, headers={}, body=with_ids(call.records))

    try:
        (outcome,) = wire.outcomes(call, answer, clean=str).values()
    except Ambiguous:
        outcome = Rejected("", "")

    assert outcome != ACCEPTED


def test_profile_that_is_named_twice_is_no_echo() -> None:
    batch = [message(1), message(1, {"city": "Bonn"})]

    assert outcomes(batch, with_ids(sent(batch))) is None

"""The vendor's words: records out, their echo in."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.wire import Call, Wire, reserved_names
from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Outcome, Rejected
from petiole.core.errors import Ambiguous
from tests.adapters.canopydeploy.made import hashed, message, messages, settings

SANNE = Identifier.hashed_email(hashed("sanne.devries@example.org"))


def wire(**changes: object) -> Wire:
    return Wire(settings(**changes), IdentifierType.CUSTOMER_ID)


def records(call: Call) -> list[dict[str, object]]:
    read: list[dict[str, object]] = json.loads(call.body)
    return read


def outcomes(
    batch: Sequence[Message], answered: object, **changes: object
) -> dict[MessageId, Outcome]:
    """Read an answer, given as bytes or as what its JSON holds."""
    speaking = wire(**changes)
    body = answered if isinstance(answered, bytes) else json.dumps(answered).encode()
    read = Answer(status=200, headers={}, body=body)
    return speaking.outcomes(speaking.call(batch), read, clean=str)


def echo(batch: Sequence[Message]) -> list[dict[str, object]]:
    return records(wire().call(batch))


def test_record_is_the_envelope_and_the_fields() -> None:
    spoken = Wire(settings(segment_name="Spring"), IdentifierType.HASHED_EMAIL)

    call = spoken.call(
        [message(1, {"loyaltyTier": "gold", "lastDestination": "LIS"}, identifier=SANNE)]
    )

    assert records(call) == [
        {
            "partnerNumber": 1022,
            "identifier": SANNE.value,
            "identifierType": "HASHED_EMAIL",
            "segmentId": "4711",
            "segmentName": "Spring",
            "status": "NEW",
            "timestamp": "2026-03-02T08:20:41Z",
            "loyaltyTier": "gold",
            "lastDestination": "LIS",
        }
    ]


def test_customer_ids_go_by_another_partner_number() -> None:
    (record,) = records(wire().call([message(1)]))

    assert (record["partnerNumber"], record["identifierType"]) == (1020, "CUSTOMER_ID")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ChangeKind.ADD, "NEW"),
        (ChangeKind.UPDATE, "MODIFIED"),
        (ChangeKind.REMOVE, "REMOVED"),
    ],
)
def test_kind_of_change_is_a_status(kind: ChangeKind, status: str) -> None:
    (record,) = records(wire().call([message(1, kind=kind)]))

    assert record["status"] == status


def test_every_word_can_be_changed() -> None:
    changed = wire(
        partner_number=7,
        identifier_label="CID",
        segment_name="Spring",
        keys={
            "partner_number": "pn",
            "identifier": "id",
            "identifier_type": "type",
            "segment_id": "segment",
            "segment_name": "title",
            "status": "state",
            "timestamp": "at",
        },
        statuses={"add": "in"},
    )

    (record,) = records(changed.call([message(1)]))

    assert record == {
        "pn": 7,
        "id": "11001",
        "type": "CID",
        "segment": "4711",
        "title": "Spring",
        "state": "in",
        "at": "2026-03-02T08:20:41Z",
    }


def test_moment_is_told_in_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 3, 2, 9, 20, 41, 999_999, tzinfo=timezone(timedelta(hours=1)))
    one = message(1)

    call = wire().call([replace(one, change=replace(one.change, occurred_at=moment))])

    assert records(call)[0]["timestamp"] == "2026-03-02T08:20:41Z"
    assert moment.astimezone(UTC).hour == 8


def test_records_of_one_batch_may_differ_in_everything() -> None:
    one, two, three, four = messages(4)
    elsewhere = replace(two.change.scope, segment=SegmentId("4712"))
    later = two.change.occurred_at + timedelta(seconds=1)
    batch = [
        one,
        replace(two, change=replace(two.change, scope=elsewhere)),
        replace(three, change=replace(three.change, occurred_at=later)),
        replace(four, change=replace(four.change, kind=ChangeKind.REMOVE, fields=Fields())),
    ]

    read = records(wire().call(batch))

    assert [(each["segmentId"], each["timestamp"], each["status"]) for each in read] == [
        ("4711", "2026-03-02T08:20:41Z", "NEW"),
        ("4712", "2026-03-02T08:20:41Z", "NEW"),
        ("4711", "2026-03-02T08:20:42Z", "NEW"),
        ("4711", "2026-03-02T08:20:41Z", "REMOVED"),
    ]


def test_records_keep_the_order_of_the_messages() -> None:
    batch = messages(20)

    call = wire().call(batch)

    assert [record["tier"] for record in records(call)] == list(range(1, 21))
    assert list(call.sent.values()) == [one.id for one in batch]


names = st.text(max_size=8).filter(lambda name: name not in reserved_names(settings()))
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)


@given(
    fields=st.dictionaries(names, scalars | st.dictionaries(st.text(max_size=8), scalars)),
    segment=st.text(min_size=1, max_size=8),
    identifier=st.text("äß'\"\\ xyz123", min_size=1, max_size=8).filter(str.strip),
)
def test_splicing_equals_encoding(fields: dict[str, object], segment: str, identifier: str) -> None:
    one = message(1, identifier=Identifier.customer_id(identifier))
    scope = replace(one.change.scope, segment=SegmentId(segment))
    change = replace(one.change, scope=scope, fields=Fields.of(fields))  # type: ignore[arg-type]

    (record,) = records(wire().call([replace(one, change=change)]))

    assert record == {
        "partnerNumber": 1020,
        "identifier": identifier.strip(),
        "identifierType": "CUSTOMER_ID",
        "segmentId": segment,
        "status": "NEW",
        "timestamp": "2026-03-02T08:20:41Z",
        **fields,
    }


def test_reserved_names_follow_the_settings() -> None:
    names = reserved_names(settings(keys={"status": "state"}, error_key="refused"))

    assert names == {
        "partnerNumber",
        "identifier",
        "identifierType",
        "segmentId",
        "segmentName",
        "state",
        "timestamp",
        "refused",
        "clang_id",
    }


@pytest.mark.parametrize("name", ["status", "identifier", "error", "clang_id"])
def test_field_with_a_reserved_name_is_rejected_alone(name: str) -> None:
    call = wire().call([message(1, {name: "x"}), message(2, {"city": "Bonn"})])

    assert list(call.sent) == ["11002"]
    assert set(call.refused) == {1}
    assert repr(name) in call.refused[MessageId(1)].reason
    assert len(records(call)) == 1


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(
                ["city", "status", "error", "clang_id", "statuses", 'a"status', ",", ""]
            ),
            scalars | st.dictionaries(st.sampled_from(["status", "error"]), scalars),
        ),
        max_size=4,
    )
)
def test_reserved_name_is_seen_wherever_it_stands(batch: list[dict[str, JsonValue]]) -> None:
    call = wire().call([message(number, fields) for number, fields in enumerate(batch)])

    taken = [
        number for number, each in enumerate(batch) if each.keys() & reserved_names(settings())
    ]
    assert list(call.refused) == taken
    assert len(records(call)) == len(batch) - len(taken)


def test_reserved_name_deeper_down_or_in_a_text_is_nobodys_business() -> None:
    batch = [
        message(1, {"order": {"status": "paid"}}),
        message(2, {"note": 'he said "status":'}),
    ]

    call = wire().call(batch)

    assert call.refused == {}
    assert records(call)[0]["order"] == {"status": "paid"}


def test_exact_echo_accepts_everybody() -> None:
    batch = messages(3)

    assert outcomes(batch, wire().call(batch).body) == {1: ACCEPTED, 2: ACCEPTED, 3: ACCEPTED}


def test_echo_with_ids_accepts_everybody() -> None:
    batch = messages(2)
    answer = [{**record, "clang_id": "clang_88213"} for record in echo(batch)]

    assert outcomes(batch, answer) == {1: ACCEPTED, 2: ACCEPTED}


def test_answer_is_matched_by_identifier_and_not_by_position() -> None:
    batch = messages(3)
    answer = echo(batch)
    answer[0]["error"] = {"code": 105, "message": "Undefined value"}
    answer.reverse()

    read = outcomes(batch, answer)

    assert read == {1: Rejected("105", "Undefined value"), 2: ACCEPTED, 3: ACCEPTED}


def test_customer_id_may_come_back_as_a_number() -> None:
    answer = [
        {**record, "identifier": int(str(record["identifier"]))} for record in echo(messages(2))
    ]

    assert outcomes(messages(2), answer) == {1: ACCEPTED, 2: ACCEPTED}


@pytest.mark.parametrize(
    ("error", "rejection"),
    [
        ({"code": 105, "message": "Undefined value"}, Rejected("105", "Undefined value")),
        ({"code": "E7"}, Rejected("E7", "the platform gave no reason")),
        ({"message": "No"}, Rejected("Other error", "No")),
        ("No", Rejected("Other error", "No")),
        (True, Rejected("Other error", "True")),
    ],
)
def test_error_in_a_record_rejects_it(error: object, rejection: Rejected) -> None:
    answer = echo(messages(2))
    answer[1]["error"] = error

    assert outcomes(messages(2), answer) == {1: ACCEPTED, 2: rejection}


@pytest.mark.parametrize("error", [None, False, "", {}, [], 0])
def test_empty_error_is_none(error: object) -> None:
    answer = echo(messages(1))
    answer[0]["error"] = error

    assert outcomes(messages(1), answer) == {1: ACCEPTED}


def test_error_is_looked_for_under_the_key_of_the_settings() -> None:
    answer = echo(messages(1))
    answer[0]["refused"] = "No"

    read = outcomes(messages(1), answer, error_key="refused")

    assert read == {1: Rejected("Other error", "No")}


ECHO = echo(messages(3))
NO_ECHO: dict[str, object] = {
    "missing": ECHO[:2],
    "twice": [*ECHO, ECHO[0]],
    "foreign": [*ECHO[:2], {**ECHO[2], "identifier": "99999"}],
    "nameless": [*ECHO[:2], {"clang_id": "clang_1"}],
    "odd name": [*ECHO[:2], {**ECHO[2], "identifier": ["11003"]}],
    "no record": [*ECHO[:2], "11003"],
    "none": [],
    "object": {"error": {"code": 1, "message": "No"}},
    "null": None,
    "deep": b"[" * 100_000,
    "huge number": b"[" + b"9" * 10_000 + b"]",
    "not utf-8": b'[{"identifier": "\xff"}]',
    "cut": json.dumps(ECHO).encode()[:-20],
    "html": b"<!doctype html><title>Log in</title>",
    "white": b" \n",
    "empty": b"",
}


@pytest.mark.parametrize("how", NO_ECHO)
def test_answer_that_is_no_echo_is_no_success(how: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        outcomes(messages(3), NO_ECHO[how])

    assert "does not tell what became of the records" in caught.value.reason
    assert "1100" not in caught.value.reason


@given(
    answer=st.lists(
        st.fixed_dictionaries(
            {"identifier": st.sampled_from(["11001", "11002", "11003", "99999"])},
            optional={"error": st.just({"code": 105, "message": "No"})},
        ),
        max_size=6,
    )
)
def test_report_is_whole_or_there_is_none(answer: list[dict[str, object]]) -> None:
    complete = sorted(str(record["identifier"]) for record in answer) == ["11001", "11002", "11003"]
    try:
        read = outcomes(messages(3), answer)
    except Ambiguous:
        assert not complete
    else:
        assert complete
        assert set(read) == {1, 2, 3}
        for record in answer:
            id_ = MessageId(int(str(record["identifier"])) - 11_000)
            assert isinstance(read[id_], Rejected) == ("error" in record)


@pytest.mark.parametrize("answer", [b"", b"OK", b"<html>", b"{}", b'[{"identifier": "99999"}]'])
def test_receiver_that_does_not_echo_may_be_trusted(answer: bytes) -> None:
    assert outcomes(messages(2), answer, answer="any") == {1: ACCEPTED, 2: ACCEPTED}


def test_trusted_receiver_may_still_refuse_a_record() -> None:
    answer = [{"identifier": "99999", "error": "?"}, {"identifier": "11002", "error": "No"}]

    read = outcomes(messages(2), answer, answer="any")

    assert read == {1: ACCEPTED, 2: Rejected("Other error", "No")}


def test_platforms_words_are_cleaned() -> None:
    speaking = wire()
    call = speaking.call(messages(1))
    answer = echo(messages(1))
    answer[0]["error"] = {"code": 105, "message": "customer 11001 is unknown"}

    read = speaking.outcomes(
        call,
        Answer(status=200, headers={}, body=json.dumps(answer).encode()),
        clean=lambda text: text.replace("11001", "***"),
    )

    assert read == {1: Rejected("105", "customer *** is unknown")}

"""The vendor's words for a change."""

from datetime import datetime, timedelta, timezone

import pytest

from petiole.adapters.canopydeploy.soap.faults import Refused
from petiole.adapters.canopydeploy.soap.options import Options, campaign_id, customer_id
from petiole.core.domain.change import ChangeKind, Scope, SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from tests.adapters.canopydeploy.made import SCOPE, hashed, message
from tests.adapters.canopydeploy.soap.made import settings

SANNE = Identifier.hashed_email(hashed("sanne.devries@example.org"))


def written(
    fields: dict[str, JsonValue] | None = None,
    *,
    kind: ChangeKind = ChangeKind.ADD,
    **changes: object,
) -> dict[str, str]:
    """Write a change about customer 11001, and read the options as a campaign would."""
    options = Options(settings(**changes), IdentifierType.CUSTOMER_ID)
    return {
        option["name"]: option["value"]
        for option in options.of(message(1, fields, kind=kind).change)
    }


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ChangeKind.ADD, "NEW"),
        (ChangeKind.UPDATE, "MODIFIED"),
        (ChangeKind.REMOVE, "REMOVED"),
    ],
)
def test_run_says_who_and_what_happened(kind: ChangeKind, status: str) -> None:
    assert written(kind=kind) == {
        "identifier": "11001",
        "identifierType": "CUSTOMER_ID",
        "status": status,
    }


def test_envelope_stands_before_the_fields() -> None:
    assert list(written({"a": "1", "z": "2"})) == [
        "identifier",
        "identifierType",
        "status",
        "a",
        "z",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Köln \U0001f6f0 <&>", "Köln \U0001f6f0 <&>"),
        ("line\r\nend\t", "line\r\nend\t"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (None, ""),
        ([1, "é"], '[1,"é"]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_values_travel_as_text(value: JsonValue, text: str) -> None:
    assert written({"field": value})["field"] == text


def test_names_and_words_are_the_connections_own() -> None:
    options = Options(
        settings(
            options={
                "identifier": "who",
                "identifier_type": "how",
                "status": "what",
                "partner_number": "partner",
                "timestamp": "when",
            },
            statuses={"add": "in", "update": "still", "remove": "out"},
            identifier_label="hash",
            partner_number=7,
        ),
        IdentifierType.HASHED_EMAIL,
    )

    found = {
        option["name"]: option["value"]
        for option in options.of(message(1, identifier=SANNE).change)
    }

    assert found == {
        "who": SANNE.value,
        "how": "hash",
        "what": "in",
        "partner": "7",
        "when": "2026-03-02T08:20:41Z",
    }


@pytest.mark.parametrize(
    ("identifier", "number"),
    [(IdentifierType.CUSTOMER_ID, "1010"), (IdentifierType.HASHED_EMAIL, "1012")],
)
def test_partner_numbers_are_those_of_the_realtime_lane(
    identifier: IdentifierType, number: str
) -> None:
    options = Options(settings(options={"partner_number": "partner"}), identifier)

    found = options.of(message(1).change)

    assert {"name": "partner", "value": number} in found


def test_moment_is_told_in_utc() -> None:
    change = message(1).change
    amsterdam = timezone(timedelta(hours=1))
    options = Options(settings(options={"timestamp": "at"}), IdentifierType.CUSTOMER_ID)

    written_there = options.of(
        type(change)(
            scope=change.scope,
            identifier=change.identifier,
            kind=change.kind,
            occurred_at=datetime(2026, 3, 2, 9, 20, 41, tzinfo=amsterdam),
        )
    )

    assert {"name": "at", "value": "2026-03-02T08:20:41Z"} in written_there


def test_field_with_the_name_of_an_option_is_refused() -> None:
    with pytest.raises(Refused, match="'status' has the name of an option"):
        written({"status": "gold"})


@pytest.mark.parametrize("bad", ["\x00", "a\x0bb", "￾"])
def test_what_xml_cannot_carry_is_refused_by_name_only(bad: str) -> None:
    with pytest.raises(Refused, match="'tier' holds a character") as caught:
        written({"tier": f"gold{bad}"})

    assert "gold" not in caught.value.reason


@pytest.mark.parametrize("segment", ["spring", "", "47.11", "-1", "0", "٤٧", "9" * 19, "1" * 5000])
def test_segment_that_is_no_campaign_id_is_refused(segment: str) -> None:
    scope = Scope(account=SCOPE.account, connection=SCOPE.connection, segment=SegmentId(segment))
    change = message(1).change
    elsewhere = type(change)(
        scope=scope,
        identifier=change.identifier,
        kind=change.kind,
        occurred_at=change.occurred_at,
    )

    with pytest.raises(Refused, match="no campaign id"):
        campaign_id(elsewhere)


def test_ids_of_the_platform_are_numbers() -> None:
    assert campaign_id(message(1).change) == 4711
    assert customer_id(message(1).change) == 11001


@pytest.mark.parametrize("raw", ["c-17", "17a", "0", "1.0", str(2**63)])
def test_customer_id_of_another_making_is_refused_without_repeating_it(raw: str) -> None:
    change = message(1, identifier=Identifier.customer_id(raw)).change

    with pytest.raises(Refused) as caught:
        customer_id(change)

    assert raw not in caught.value.reason.partition(";")[0] or raw == "0"

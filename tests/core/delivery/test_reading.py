import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.memory import MemoryAudience
from petiole.core.delivery.reading import (
    KEPT_REFUSALS,
    FieldMapping,
    Keying,
    Refusals,
    require_columns,
)
from petiole.core.delivery.snapshot import read_snapshot
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.errors import AudienceError, IdentifierRefused
from petiole.core.ports.audience import RefusedRow, SourceRow, TextRow, TextRows
from petiole.core.ports.snapshot import SnapshotProfile
from tests.core.profiles import person

SANNE = "sanne.devries@example.org"
SANNE_DIGEST = hashlib.sha256(SANNE.encode()).hexdigest()
BY_ID = Keying(column="id", type=IdentifierType.CUSTOMER_ID)
BY_MAIL = Keying(column="mail", type=IdentifierType.HASHED_EMAIL)
BY_HASH = Keying(column="hash", type=IdentifierType.HASHED_EMAIL, hashed=True)
BY_BOTH = Keying(column="hash", type=IdentifierType.HASHED_EMAIL, address="mail")
EVERYTHING = FieldMapping()


def read(
    *rows: Mapping[str, JsonValue] | RefusedRow,
    keying: Keying = BY_ID,
    mapping: FieldMapping = EVERYTHING,
) -> tuple[list[SnapshotProfile], Refusals]:
    refusals = Refusals()
    profiles = list(read_snapshot(MemoryAudience(rows), keying, mapping, refusals))
    return profiles, refusals


def test_row_becomes_a_profile_on_its_line() -> None:
    profiles, refusals = read({"id": "1", "city": "Gent"}, {"id": "2", "city": "Brugge"})

    assert profiles == [
        SnapshotProfile(1, person(1), Fields.of({"id": "1", "city": "Gent"})),
        SnapshotProfile(2, person(2), Fields.of({"id": "2", "city": "Brugge"})),
    ]
    assert refusals.count == 0


def test_whole_number_is_an_identifier_as_well() -> None:
    (profile,), _ = read({"id": 42})

    assert profile.identifier == person(42)


@pytest.mark.parametrize("value", [4.2, True, ["1"], {"id": "1"}])
def test_other_values_are_no_identifier(value: JsonValue) -> None:
    profiles, refusals = read({"id": value})

    assert profiles == []
    assert refusals.kept == [RefusedRow(1, "the identifier must be a text or a whole number")]


def test_row_without_an_identity_is_set_aside_and_reading_goes_on() -> None:
    profiles, refusals = read({"id": "1"}, {"id": ""}, {"city": "Gent"}, {"id": "4"})

    assert [profile.line for profile in profiles] == [1, 4]
    assert refusals.kept == [
        RefusedRow(2, "the customer id is empty"),
        RefusedRow(3, "the customer id is empty"),
    ]


def test_row_that_the_source_refused_is_counted_with_the_others() -> None:
    broken = RefusedRow(2, "the row has 3 cells, the header has 4")

    _, refusals = read({"id": "1"}, broken, {"id": ""})

    assert refusals.kept == [broken, RefusedRow(3, "the customer id is empty")]


@pytest.mark.parametrize("value", [math.nan, "Sanne \ud83d"])
def test_row_whose_data_cannot_be_sent_is_set_aside(value: JsonValue) -> None:
    profiles, refusals = read({"id": "1", "score": value}, {"id": "2"})

    assert [profile.line for profile in profiles] == [2]
    assert [row.line for row in refusals.kept] == [1]


def test_all_refusals_are_counted_and_told_and_the_first_kept() -> None:
    told: list[RefusedRow] = []
    refusals = Refusals(on_refusal=told.append)

    for line in range(KEPT_REFUSALS + 5):
        refusals.add(RefusedRow(line, "broken"))

    assert refusals.count == len(told) == KEPT_REFUSALS + 5
    assert refusals.kept == told[:KEPT_REFUSALS]


def test_address_column_is_hashed() -> None:
    (profile,), _ = read({"mail": SANNE.upper()}, keying=BY_MAIL)

    assert profile.identifier == Identifier(IdentifierType.HASHED_EMAIL, SANNE_DIGEST)


def test_column_that_promises_hashes_refuses_an_address() -> None:
    _, refusals = read({"hash": SANNE}, {"hash": SANNE_DIGEST}, keying=BY_HASH)

    assert [row.line for row in refusals.kept] == [1]
    assert SANNE not in refusals.kept[0].reason


def test_hash_must_agree_with_the_address_beside_it() -> None:
    rows: list[Mapping[str, JsonValue]] = [
        {"hash": SANNE_DIGEST, "mail": SANNE},
        {"hash": SANNE_DIGEST, "mail": "joris.bakker@example.org"},
        {"hash": "", "mail": SANNE},
        {"hash": SANNE_DIGEST},
    ]

    profiles, refusals = read(*rows, keying=BY_BOTH)

    assert [profile.line for profile in profiles] == [1]
    assert [row.reason for row in refusals.kept] == [
        "the hash and the e-mail address in this row disagree",
        "the e-mail hash is empty",
        "the e-mail address is empty",
    ]


@pytest.mark.parametrize(
    ("keying", "private"),
    [
        (BY_ID, set()),
        (BY_MAIL, {"mail"}),
        (BY_HASH, {"hash"}),
        (BY_BOTH, {"hash", "mail"}),
    ],
)
def test_columns_that_may_hold_an_address_are_private(keying: Keying, private: set[str]) -> None:
    assert set(keying.private) == private


def test_mapping_renames_chosen_columns() -> None:
    mapping = FieldMapping(columns={"firstname": "first_name", "place": "city"})

    (profile,), _ = read({"id": "1", "first_name": "Sanne", "city": "Gent"}, mapping=mapping)

    assert profile.fields == Fields.of({"firstname": "Sanne", "place": "Gent"})
    assert set(mapping.names(["id", "first_name", "city"])) == {"firstname", "place"}


def test_column_that_a_row_lacks_is_left_out() -> None:
    mapping = FieldMapping(columns={"firstname": "first_name", "place": "city"})

    (profile,), _ = read({"id": "1", "city": None}, mapping=mapping)

    assert profile.fields == Fields.of({"place": None})


def test_without_a_mapping_all_columns_go_but_those_left_out() -> None:
    mapping = FieldMapping(left_out={"mail"})

    (profile,), _ = read({"id": "1", "mail": SANNE, "city": "Gent"}, mapping=mapping)

    assert profile.fields == Fields.of({"id": "1", "city": "Gent"})
    assert list(mapping.names(["id", "mail", "city"])) == ["id", "city"]


def test_unknown_column_is_refused_with_the_nearest_name() -> None:
    audience = MemoryAudience(
        [{}], columns=["CustomerKey", "FirstName", "City"], name="customers.csv"
    )

    with pytest.raises(AudienceError) as refusal:
        require_columns(audience, ["CustomerKey", "FistName"])

    assert str(refusal.value) == (
        "customers.csv has no column 'FistName'; did you mean 'FirstName'? "
        "its columns are: CustomerKey, FirstName, City"
    )


def test_unknown_column_like_no_other_is_refused_with_all_names() -> None:
    audience = MemoryAudience([{}], columns=["CustomerKey"], name="customers.csv")

    with pytest.raises(AudienceError, match=r"no column 'zzz'; its columns are: CustomerKey$"):
        require_columns(audience, ["zzz"])


def test_audience_whose_rows_name_their_own_columns_is_taken_as_it_is() -> None:
    require_columns(MemoryAudience([{"id": "1"}], columns=None), ["anything"])


def test_refusal_of_an_identity_is_raised_to_the_caller() -> None:
    with pytest.raises(IdentifierRefused):
        BY_ID.identify({"id": "null"})


def test_first_row_that_lacks_the_key_ends_the_reading_where_rows_name_their_columns() -> None:
    audience = MemoryAudience([{"idd": "1"}, {"id": "2"}], columns=None)
    keying = Keying(column="id", type=IdentifierType.CUSTOMER_ID)

    with pytest.raises(AudienceError, match=r"line \d.*'id'; did you mean 'idd'"):
        list(read_snapshot(audience, keying, FieldMapping(), Refusals()))


class TextAudience(MemoryAudience):
    """Hands out bare cells as well, one row after the other."""

    def __init__(self, columns: Sequence[str], *rows: TextRow | RefusedRow) -> None:
        super().__init__([RefusedRow(0, "never read")], columns=columns)
        self._cells = TextRows(columns, iter(rows))

    def rows(self) -> Iterator[SourceRow]:
        return self._cells


class NamedAudience(TextAudience):
    """The same, and never any bare cells."""

    def rows(self) -> Iterator[SourceRow]:
        yield from super().rows()


TEXT_COLUMNS = ("mail", "hash", "id", "note")
CELLS = st.sampled_from(
    [SANNE, SANNE_DIGEST, "Joris@Example.org", "42", "", " ", "null", "a@b", "0" * 64]
) | st.text(st.sampled_from('"\\\n\t\x1f @.é女\xa0\u200b\ud83dx1'), max_size=6)
TEXT_ROWS = st.lists(
    st.lists(CELLS, min_size=4, max_size=4) | st.just("the row has 1 cell, the header has 4"),
    max_size=6,
)
KEYINGS = [
    BY_ID,
    BY_MAIL,
    BY_HASH,
    BY_BOTH,
    Keying(column="mail", type=IdentifierType.HASHED_EMAIL, address="mail"),
    Keying(column="missing", type=IdentifierType.CUSTOMER_ID),
    Keying(column="hash", type=IdentifierType.HASHED_EMAIL, address="missing"),
]
MAPPINGS = [
    EVERYTHING,
    FieldMapping(left_out={"mail", "hash"}),
    FieldMapping(left_out=TEXT_COLUMNS),
    FieldMapping(columns={}),
    FieldMapping(columns={"remark": "note"}),
    FieldMapping(columns={"b": "note", "a": "id", "c": "note", "d": "missing"}),
]


@given(TEXT_ROWS, st.sampled_from(KEYINGS), st.sampled_from(MAPPINGS))
def test_bare_cells_are_read_as_named_ones_are(
    content: list[list[str] | str], keying: Keying, mapping: FieldMapping
) -> None:
    rows: list[TextRow | RefusedRow] = [
        RefusedRow(line, row) if isinstance(row, str) else (line, row)
        for line, row in enumerate(content, start=2)
    ]
    bare, named = Refusals(), Refusals()

    from_bare = list(read_snapshot(TextAudience(TEXT_COLUMNS, *rows), keying, mapping, bare))
    from_named = list(read_snapshot(NamedAudience(TEXT_COLUMNS, *rows), keying, mapping, named))

    assert from_bare == from_named
    assert bare == named

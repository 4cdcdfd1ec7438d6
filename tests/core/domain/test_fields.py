import hashlib
import json
import math
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.fields import FINGERPRINT_BYTES, Fields, JsonValue, text_form

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
DATA = st.dictionaries(NAMES, VALUES, max_size=6)
NASTY = st.text(
    st.sampled_from('"\\/\0\n\x1f\x7f\x85\xa0 ,:{}aé女\u2028\ufeff\ud83d\U0001f33f\U000e0001')
    | st.characters(),
    max_size=8,
)


@given(DATA)
def test_values_come_back_as_they_went_in(data: dict[str, JsonValue]) -> None:
    assert Fields.of(data).values() == data


@given(DATA, st.randoms(use_true_random=False))
def test_order_of_keys_does_not_matter(data: dict[str, JsonValue], random: object) -> None:
    reversed_data = dict(reversed(data.items()))

    assert Fields.of(reversed_data) == Fields.of(data)
    assert Fields.of(reversed_data).fingerprint == Fields.of(data).fingerprint


@given(DATA)
def test_text_is_one_compact_object(data: dict[str, JsonValue]) -> None:
    text = Fields.of(data).text

    assert text == json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert "\n" not in text


@given(DATA, DATA)
def test_later_value_wins_a_merge(
    earlier: dict[str, JsonValue], later: dict[str, JsonValue]
) -> None:
    merged = Fields.of(earlier).merged_with(Fields.of(later))

    assert merged == Fields.of({**earlier, **later})


@given(DATA, DATA, DATA)
def test_merging_is_associative(
    first: dict[str, JsonValue], second: dict[str, JsonValue], third: dict[str, JsonValue]
) -> None:
    a, b, c = Fields.of(first), Fields.of(second), Fields.of(third)

    assert a.merged_with(b).merged_with(c) == a.merged_with(b.merged_with(c))


@given(DATA, DATA)
def test_fingerprint_tells_data_apart(
    one: dict[str, JsonValue], other: dict[str, JsonValue]
) -> None:
    a, b = Fields.of(one), Fields.of(other)

    assert (a.fingerprint == b.fingerprint) is (a.text == b.text)
    assert len(a.fingerprint) == FINGERPRINT_BYTES


def test_names_of_all_scripts_stay_readable() -> None:
    assert Fields.of({"firstname": "Łukasz 女"}).text == '{"firstname":"Łukasz 女"}'


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_number_beyond_json_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Fields.of({"score": number})


def test_half_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="half a character"):
        Fields.of({"firstname": "Sanne \ud83d"})


def test_fields_without_data_are_false() -> None:
    assert not Fields()
    assert not Fields.of({})
    assert Fields.of({"firstname": None})


def test_fingerprint_is_the_hash_of_the_text() -> None:
    fields = Fields.of({"firstname": "Łukasz"})

    digest = hashlib.blake2b(b'{"firstname":"\xc5\x81ukasz"}', digest_size=16).digest()

    assert fields.fingerprint == digest


def outcome(make: Callable[[], Fields]) -> Fields | str:
    try:
        return make()
    except ValueError as refusal:
        return str(refusal)


@given(st.dictionaries(NASTY, NASTY, max_size=6), st.randoms(use_true_random=False))
def test_form_encodes_text_as_it_is_encoded_otherwise(data: dict[str, str], random: Random) -> None:
    columns = random.sample(sorted(data), len(data))
    cells = [data[column] for column in columns]

    texts = text_form({column: place for place, column in enumerate(columns)})

    assert outcome(lambda: Fields(texts([cells])[0])) == outcome(lambda: Fields.of(data))


@given(st.dictionaries(NASTY, st.integers(0, 3), max_size=6), st.tuples(NASTY, NASTY, NASTY, NASTY))
def test_form_takes_the_cells_that_were_asked_for(
    places: dict[str, int], cells: tuple[str, ...]
) -> None:
    data = {name: cells[place] for name, place in places.items()}

    texts = text_form(places)

    assert outcome(lambda: Fields(texts([cells])[0])) == outcome(lambda: Fields.of(data))


def test_form_keeps_nothing_of_the_row_before() -> None:
    texts = text_form({"firstname": 0, "city": 1})

    first, second = texts([["Sanne", 'Delft "aan Zee"'], ["Joris", ""]])

    assert first == Fields.of({"firstname": "Sanne", "city": 'Delft "aan Zee"'}).text
    assert second == Fields.of({"firstname": "Joris", "city": ""}).text


@given(st.lists(st.tuples(NASTY, NASTY), max_size=5))
def test_form_encodes_rows_at_once_as_one_by_one(rows: list[tuple[str, str]]) -> None:
    texts = text_form({"firstname": 0, "city": 1})

    at_once = outcome(lambda: Fields("".join(texts(rows))))

    assert at_once == outcome(lambda: Fields("".join(texts([row])[0] for row in rows)))

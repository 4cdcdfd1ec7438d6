import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.fields import FINGERPRINT_BYTES, Fields, JsonValue

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

"""Names and structure stay; values become their kind and length."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.adapters.canopydeploy.shape import json_shape, xml_shape

KNOWN = frozenset({"city", "tier", "open", "none", "tags", "place"})


def masked(text: str) -> str:
    """Stand in for what hides delicate words."""
    return f"<{len(text)}>"


def shape(text: str) -> str:
    return json_shape(text, known=KNOWN, clean=masked)


def test_values_become_their_kind_and_length() -> None:
    record = {"city": "Köln", "tier": 1234, "open": True, "none": None}

    assert shape(json.dumps(record)) == (
        '{"city":text of 4,"tier":number of 4,"open":true or false,"none":null}'
    )


def test_structure_stays() -> None:
    record = [{"tags": ["a", "bc"], "place": {"city": "Delft"}}]

    assert shape(json.dumps(record)) == (
        '[{"tags":[text of 1,text of 2],"place":{"city":text of 5}}]'
    )


def test_words_of_the_platform_are_cleaned_and_stay() -> None:
    error = {"error": {"code": 105, "message": "no such country"}}

    assert shape(json.dumps(error)) == '{"error":{"code":105,"message":"<15>"}}'


def test_long_number_in_the_platforms_words_is_cleaned() -> None:
    assert shape('{"code": 87654321}') == '{"code":<8>}'


def test_of_much_only_the_beginning_is_told() -> None:
    many = {"tags": list("abcde"), **{f"x{n}": 1 for n in range(100)}}

    told = shape(json.dumps(many))

    assert '"tags":[text of 1,text of 1,text of 1,…]' in told
    assert told.endswith(",…}")
    assert told.count("number of 1") == 59


def test_field_of_a_profile_is_none_of_the_platforms_words() -> None:
    record = '{"code": "SPRING-26"}'

    assert json_shape(record, known={"code"}, clean=masked) == '{"code":text of 9}'


def test_name_that_was_not_sent_is_cleaned() -> None:
    assert shape('{"11000": "ok"}') == '{"<5>":text of 2}'


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ('[{"city":"Delft","ti', '[{"city":text of 5,text of 2'),
        ('{"city": Delft}', '{"city":text of 5}'),
        ('{"city":"Del\\', '{"city":text of 4'),
        ('{"error": "for Delft", "name": "Joris"', "{text of 5:text of 9,text of 4:text of 5"),
    ],
)
def test_of_broken_json_only_known_names_stay(broken: str, told: str) -> None:
    assert shape(broken) == told


@given(st.text(alphabet='ab"\\{}[]:, \n1'))
def test_no_word_of_broken_json_slips_through(text: str) -> None:
    told = json_shape(f'[{text}"Zoutelande', known=(), clean=masked)

    assert "Zoutelande" not in told


def test_depth_is_no_trouble() -> None:
    assert shape("[" * 100_000) == "[" * 100_000


def test_elements_stay_without_attributes() -> None:
    text = '<?xml version="1.0"?><e:Body xmlns:e="urn:x" id="Delft"><name>Joris</name></e:Body>'

    assert xml_shape(text, clean=masked) == "<Body><name>text of 5</name></Body>"


def test_fault_is_cleaned_and_stays() -> None:
    text = "<Fault><faultcode>105</faultcode><faultstring>no such</faultstring></Fault>"

    assert xml_shape(text, clean=masked) == (
        "<Fault><faultcode>105</faultcode><faultstring><7></faultstring></Fault>"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'Delft'>]><a/>", "<!…>text of 2<a>"),
        ("<a><![CDATA[Delft]]></a>", "<a><!…></a>"),
        ("<a><!-- Delft --></a>", "<a><!…></a>"),
        ("<a>Del", "<a>text of 3"),
        ("<msg>Del", "<msg>text of 3"),
        ("<a city='Del", ""),
    ],
)
def test_other_parts_of_xml_are_hidden(text: str, told: str) -> None:
    assert xml_shape(text, clean=masked) == told

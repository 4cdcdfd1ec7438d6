"""Other people's words, made fit for logs."""

import pytest

from petiole.adapters.canopydeploy.discretion import (
    MAX_CHARACTERS,
    Values,
    cleaned,
    is_delicate,
)
from tests.adapters.canopydeploy.made import TOKEN, hashed


def test_ordinary_words_stay() -> None:
    assert cleaned("Undefined value for field 'loyalty'") == "Undefined value for field 'loyalty'"


@pytest.mark.parametrize(
    "personal",
    [
        TOKEN,
        f"prefix{TOKEN}suffix",
        hashed("sanne.devries@example.org"),
        hashed("joris.bakker@example.org").upper(),
        "sanne.devries@example.org",
        "<sanne@mail.example.org>",
        "C-1001",
        "'C-1001'",
    ],
)
def test_secrets_and_persons_do_not(personal: str) -> None:
    told = cleaned(f"no such record: {personal} (105)", secrets=[TOKEN], values=["C-1001"])

    assert "***" in told
    assert told.startswith("no such record: ")
    assert told.endswith(" (105)")
    assert not any(part in told for part in ("3f0c", "sanne", "joris", "1001", "e14e", "02EE"))


def test_short_numbers_stay_readable() -> None:
    assert cleaned("line 7 has 7 columns", values=["7"]) == "line 7 has 7 columns"


def test_escapes_of_a_secret_are_known_in_either_case() -> None:
    assert cleaned("?t=a%2bc", secrets=["a%2Bc"]) == "?t=***"


def test_longer_secret_goes_before_the_one_within_it() -> None:
    assert cleaned("abcdef", secrets=["abc", "abcdef"]) == "***"


def test_words_come_on_one_line_of_a_sane_length() -> None:
    told = cleaned("a\r\n\tb\0c\x1b[31m " + "x" * 1_000_000)

    assert told.startswith("a b c [31m x")
    assert len(told) == MAX_CHARACTERS
    assert told.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no city Delft here", "no city *** here"),
        ("DELFT", "***"),
        ("a Delfter", "a ***er"),
        ("nl only, not in snl", "*** only, not in snl"),
        ("tier 7", "tier 7"),
    ],
)
def test_values_are_hidden(text: str, shown: str) -> None:
    assert cleaned(text, values=["Delft", "NL", "7"]) == shown


def test_secret_that_holds_a_value_is_hidden_whole() -> None:
    assert cleaned("with 3f0c-delft-21aa", secrets=["3f0c-Delft-21aa"], values=["delft"]) == (
        "with ***"
    )


def test_values_in_a_text_are_found_the_longest_first() -> None:
    values = Values(["Delft", "Delft-Zuid", "nl", "Gent", "unsaid"])

    found = values.within("DELFT-zuid, NL, Gent")

    assert found == ["Delft-Zuid", "delft-zuid", "Delft", "delft", "gent", "nl"]


def test_value_is_found_whatever_its_case_is_made_of() -> None:
    text = "no such street: KÖNIGSTRASSE or Königstraße"

    assert cleaned(text, values=Values(["Königstraße"]).within(text)) == (
        "no such street: *** or ***"
    )


@pytest.mark.parametrize("value", ["Delft", "v", "n/a-7", "é"])
def test_value_may_say_something_about_somebody(value: str) -> None:
    assert is_delicate(value)


@pytest.mark.parametrize("value", ["No", "unknown", "-", "...", ""])
def test_words_of_which_sentences_are_made_say_nothing_about_anybody(value: str) -> None:
    assert not is_delicate(value)

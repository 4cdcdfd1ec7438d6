import hashlib
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.identity import (
    MAX_CUSTOMER_ID_LENGTH,
    Identifier,
    IdentifierType,
    email_values,
)
from petiole.core.errors import IdentifierRefused

Made = TypeVar("Made")

# The vectors that the platform's own documentation can be checked with.
SANNE = "sanne.devries@example.org"
SANNE_DIGEST = "e14ea289efcdde26d95aaa951e067d8eaf5bb6650a65bac28cb013bbc2406adc"
JORIS = "joris.bakker@example.org"
JORIS_DIGEST = "02ee190f05f93ef929c2ce8cb55e04b040dfb2c741e1423039350169876d435a"

WORDS_FOR_NOTHING = ["null", "NULL", "None", "nil", "undefined", "n/a", "N/A", "NaN", "-", "#N/A"]
BLANKS = ["", " ", "\t", " \r\n"]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hashed(digest: str) -> Identifier:
    return Identifier(IdentifierType.HASHED_EMAIL, digest)


@pytest.mark.parametrize(("address", "digest"), [(SANNE, SANNE_DIGEST), (JORIS, JORIS_DIGEST)])
def test_address_is_hashed_as_the_published_vectors_say(address: str, digest: str) -> None:
    assert Identifier.email_address(address) == hashed(digest)


@pytest.mark.parametrize(
    "untidy",
    [f"  {SANNE}\t", SANNE.upper(), "Sanne.deVries@Example.ORG", f"\n{SANNE}\r\n"],
)
def test_address_is_trimmed_and_lowered_before_it_is_hashed(untidy: str) -> None:
    assert Identifier.email_address(untidy) == hashed(SANNE_DIGEST)


@pytest.mark.parametrize(
    "address",
    [
        "leonie.köhler@example.org",
        "o'brien+news@mail.example.org",
        "女性@例え.example.org",
        "a@b.example",
        "first_last-1%x@sub.sub.example.org",
    ],
)
def test_unusual_addresses_are_taken(address: str) -> None:
    assert Identifier.email_address(address) == hashed(sha256(address))


@pytest.mark.parametrize(
    "text",
    [
        "sanne.devries",
        "sanne@example",
        "@example.org",
        "sanne@",
        "sanne devries@example.org",
        "sanne@example..org",
        "sanne@.example.org",
        "sanne@example.org.",
        "sanne@bakker@example.org",
        "sanne@example.org, joris@example.org",
    ],
)
def test_text_that_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(IdentifierRefused, match="no e-mail address"):
        Identifier.email_address(text)


def test_digest_is_taken_as_it_is() -> None:
    assert Identifier.hashed_email(SANNE_DIGEST) == hashed(SANNE_DIGEST)


def test_upper_case_digest_is_lowered() -> None:
    assert Identifier.hashed_email(f" {SANNE_DIGEST.upper()} ") == hashed(SANNE_DIGEST)


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        ("md5", "MD5"),
        ("sha1", "SHA-1"),
        ("sha224", "SHA-224"),
        ("sha384", "SHA-384"),
        ("sha512", "SHA-512"),
    ],
)
def test_other_digest_is_refused_by_its_name(algorithm: str, name: str) -> None:
    digest = hashlib.new(algorithm, SANNE.encode()).hexdigest()

    with pytest.raises(IdentifierRefused, match=rf"{len(digest)} hex digits.*{name}\b"):
        Identifier.hashed_email(digest)


@pytest.mark.parametrize("length", [1, 63, 65])
def test_digest_of_no_known_length_is_refused(length: int) -> None:
    with pytest.raises(IdentifierRefused, match=f"{length} hex digits; SHA-256 has 64"):
        Identifier.hashed_email("a" * length)


@pytest.mark.parametrize("text", ["g" * 64, "0x" + SANNE_DIGEST, SANNE_DIGEST[:-1] + "\u0660"])
def test_text_that_is_no_hex_is_no_digest(text: str) -> None:
    with pytest.raises(IdentifierRefused, match="neither a SHA-256 hash"):
        Identifier.hashed_email(text)


def test_raw_address_is_refused_where_a_hash_was_promised() -> None:
    with pytest.raises(IdentifierRefused, match="raw e-mail address stands where"):
        Identifier.hashed_email(SANNE)


@pytest.mark.parametrize(
    "nothing", [*BLANKS, *WORDS_FOR_NOTHING, "Undefined", "NONE", "null\n", "\n"]
)
def test_hash_of_nothing_is_refused(nothing: str) -> None:
    with pytest.raises(IdentifierRefused, match="hash is that of an empty value"):
        Identifier.hashed_email(sha256(nothing))


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("type_", IdentifierType)
def test_empty_value_is_refused(type_: IdentifierType, blank: str) -> None:
    with pytest.raises(IdentifierRefused, match="is empty"):
        Identifier.of(type_, blank)


@pytest.mark.parametrize("word", WORDS_FOR_NOTHING)
@pytest.mark.parametrize("type_", IdentifierType)
def test_word_for_nothing_is_refused(type_: IdentifierType, word: str) -> None:
    with pytest.raises(IdentifierRefused, match="word for nothing"):
        Identifier.of(type_, f" {word} ")


def test_key_column_of_hashes_takes_addresses_as_well() -> None:
    of_address = Identifier.of(IdentifierType.HASHED_EMAIL, SANNE)
    of_digest = Identifier.of(IdentifierType.HASHED_EMAIL, SANNE_DIGEST)

    assert of_address == of_digest == hashed(SANNE_DIGEST)


def test_address_that_agrees_with_its_digest_is_taken() -> None:
    assert Identifier.email_address(JORIS, digest=JORIS_DIGEST.upper()) == hashed(JORIS_DIGEST)


def test_address_that_disagrees_with_its_digest_is_refused() -> None:
    with pytest.raises(IdentifierRefused, match="disagree"):
        Identifier.email_address(JORIS, digest=SANNE_DIGEST)


def test_broken_digest_beside_an_address_is_refused() -> None:
    with pytest.raises(IdentifierRefused, match="SHA-256 has 64"):
        Identifier.email_address(JORIS, digest="abc123")


@pytest.mark.parametrize("raw", ["42", "AW00011000", "Kunde Müller 7", "a-b_c/d:e", "x" * 100])
def test_customer_id_is_free_text(raw: str) -> None:
    assert Identifier.customer_id(raw) == Identifier(IdentifierType.CUSTOMER_ID, raw)


def test_customer_id_is_trimmed_and_keeps_its_case() -> None:
    assert Identifier.customer_id("  Aw7 ").value == "Aw7"


def test_customer_id_beyond_the_limit_is_refused() -> None:
    with pytest.raises(IdentifierRefused, match="101 characters, more than 100"):
        Identifier.customer_id("x" * (MAX_CUSTOMER_ID_LENGTH + 1))


def test_raw_address_is_no_customer_id() -> None:
    with pytest.raises(IdentifierRefused, match="hashed-email"):
        Identifier.customer_id(SANNE)


@pytest.mark.parametrize(
    ("invisible", "code"),
    [
        ("\u200b", "U+200B"),
        ("\ufeff", "U+FEFF"),
        ("\u202e", "U+202E"),
        ("\x00", "U+0000"),
        ("\t", "U+0009"),
        ("\u2028", "U+2028"),
        ("\ud800", "U+D800"),
        ("\ue000", "U+E000"),
        ("\x85", "U+0085"),
    ],
)
def test_invisible_character_is_named(invisible: str, code: str) -> None:
    with pytest.raises(
        IdentifierRefused, match=rf"invisible character \({code.replace('+', '[+]')}"
    ):
        Identifier.customer_id(f"12{invisible}34")
    with pytest.raises(IdentifierRefused, match="invisible character"):
        Identifier.email_address(f"san{invisible}ne@example.org")


# Made of letters that no message spells in a row: found there, the value was repeated.
TELLTALES = st.text(alphabet="qxzjkvw", min_size=6, max_size=120)
SETTINGS = ["{}", " {} ", "{}@", "{}@example.org", "a\u200b{}", "{}\x00", "{}\ud800", "{}.{}"]
WAYS: list[Callable[[str], Identifier]] = [
    Identifier.customer_id,
    Identifier.hashed_email,
    Identifier.email_address,
    lambda raw: Identifier.email_address(JORIS, digest=raw),
    lambda raw: Identifier.email_address(raw, digest=SANNE_DIGEST),
]


@given(telltale=TELLTALES, setting=st.sampled_from(SETTINGS), way=st.sampled_from(WAYS))
def test_refusal_never_repeats_the_value(
    telltale: str, setting: str, way: Callable[[str], Identifier]
) -> None:
    told = ""

    try:
        way(setting.format(telltale, telltale))
    except IdentifierRefused as error:
        told = str(error)

    assert telltale not in told.lower()


@given(digest=st.text(alphabet="0123456789abcdef", min_size=6, max_size=140))
def test_refusal_never_repeats_a_digest(digest: str) -> None:
    told = ""

    try:
        Identifier.hashed_email(digest)
    except IdentifierRefused as error:
        told = str(error)

    assert digest not in told


@given(st.text())
def test_no_text_makes_identification_fail_otherwise(text: str) -> None:
    for type_ in IdentifierType:
        try:
            identifier = Identifier.of(type_, text)
        except IdentifierRefused:
            continue
        assert identifier.type is type_
        assert identifier.value


@given(st.from_regex(r"[a-zA-Z0-9.+-]{1,20}@[a-z]{1,9}\.example", fullmatch=True))
def test_digest_of_an_address_identifies_the_same_profile(address: str) -> None:
    by_address = Identifier.email_address(address)

    assert Identifier.hashed_email(by_address.value) == by_address
    assert Identifier.email_address(address, digest=by_address.value) == by_address


@pytest.mark.parametrize(
    "raw", ["mailto:sanne@example.org", "sanne@example.org;joris@example.org", "<s@example.org>"]
)
def test_more_than_an_address_is_no_address(raw: str) -> None:
    with pytest.raises(IdentifierRefused, match="no e-mail address"):
        Identifier.email_address(raw)


def test_one_digit_over_and_over_is_no_hash() -> None:
    with pytest.raises(IdentifierRefused, match="over and over"):
        Identifier.hashed_email("0" * 64)


PARTS = st.sampled_from(
    ["sanne", "Joris", "example.org", "null", "a", "K", "é", "ß", "\u212a", "\ud800", "\u200b"]
) | st.sampled_from("@@..-_+'!:;,< \t\xa0\0")


def outcome(way: Callable[[], Made]) -> Made | str:
    try:
        return way()
    except IdentifierRefused as refusal:
        return str(refusal)


@given(st.lists(PARTS, max_size=9).map("".join))
def test_plain_address_is_taken_as_by_a_closer_look(raw: str) -> None:
    closely = Identifier.email_address if "@" in raw else Identifier.hashed_email

    assert outcome(lambda: Identifier.email(raw)) == outcome(lambda: closely(raw))


@pytest.mark.parametrize(
    "raw", [SANNE, SANNE.upper(), f" {JORIS}\n", "o'brien+news@mail.example.org", "a@b-c.d.example"]
)
def test_plain_address_needs_no_closer_look(raw: str) -> None:
    assert Identifier.email(raw) == Identifier.email_address(raw) == hashed(tidy_sha256(raw))


def tidy_sha256(raw: str) -> str:
    return sha256(raw.strip().lower())


@given(st.lists(st.lists(PARTS, max_size=9).map("".join) | st.just(SANNE), max_size=3))
def test_many_are_identified_as_one_by_one(raws: list[str]) -> None:
    one_by_one = outcome(lambda: [Identifier.email(raw).value for raw in raws])

    assert outcome(lambda: email_values(raws)) == one_by_one


def test_identifiers_of_both_types_are_told_apart() -> None:
    by_id = Identifier.customer_id(SANNE_DIGEST)
    by_hash = Identifier.hashed_email(SANNE_DIGEST)

    assert by_id != by_hash
    assert len({by_id, by_hash, hashed(SANNE_DIGEST)}) == 2

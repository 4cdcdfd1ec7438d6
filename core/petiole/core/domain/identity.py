"""Who a profile is: a customer id, or the SHA-256 hash of an e-mail address.

A raw address is trimmed, lower-cased and hashed here, at the edge, and kept nowhere. What cannot be
an identity is refused with a reason that never repeats the value.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import final

from petiole.core.domain.mint import mint
from petiole.core.errors import IdentifierRefused

MAX_CUSTOMER_ID_LENGTH = 100

_NOTHING_WORDS = frozenset(
    {"", "null", "none", "nil", "undefined", "n/a", "na", "nan", "-", "#n/a"}
)
_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch
_HEX = re.compile(r"[0-9a-f]+")
_ADDRESS = re.compile(r"[^\s@:;,<>]+@[^\s@.:;,<>]+(?:\.[^\s@.:;,<>]+)+")
# So nearly all addresses look, and in these no other check finds anything.
_is_plain_address = re.compile(
    r"[a-z0-9._+'-]++@[a-z0-9-]++\.[a-z0-9-]++(?:\.[a-z0-9-]++)*"
).fullmatch
_OTHER_DIGESTS = {32: "MD5", 40: "SHA-1", 56: "SHA-224", 96: "SHA-384", 128: "SHA-512"}


class IdentifierType(StrEnum):
    """The two kinds of identity that a connection may promise."""

    CUSTOMER_ID = "customer-id"
    """The platform's or the company's own customer number."""
    HASHED_EMAIL = "hashed-email"
    """64 lowercase hex digits: SHA-256 of the trimmed, lower-cased address, UTF-8, no salt."""


_CUSTOMER_ID = IdentifierType.CUSTOMER_ID  # under Python 3.11, an enum finds its members slowly
_HASHED_EMAIL = IdentifierType.HASHED_EMAIL


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


# The line ends are those of `echo null | sha256sum`.
_HASHES_OF_NOTHING = frozenset(
    _sha256(variant + end)
    for word in _NOTHING_WORDS | {" ", "  ", "\t", "\r"}
    for variant in (word, word.upper(), word.capitalize(), "NaN")
    for end in ("", "\n", "\r\n")
)
_MONOTONOUS = frozenset(64 * digit for digit in "0123456789abcdef")


@final
@dataclass(frozen=True, slots=True)
class Identifier:
    """One profile's identity, valid by construction through the class methods."""

    type: IdentifierType
    value: str

    def __hash__(self) -> int:
        # Shorter than the one that would be made, which hashes a pair; identifiers are keys.
        return hash(self.value)

    @classmethod
    def of(cls, type_: IdentifierType, raw: str) -> "Identifier":
        """Identify by whatever stands in a key column of that type: an id, a hash or an address.

        Raises:
            IdentifierRefused: the value cannot be an identity of this type.
        """
        if type_ is _CUSTOMER_ID:
            return cls.customer_id(raw)
        return cls.email(raw)

    @classmethod
    def customer_id(cls, raw: str) -> "Identifier":
        """Take a customer id: free text of at most 100 visible characters, trimmed.

        Raises:
            IdentifierRefused: empty, a word for nothing, too long, invisible characters, or a raw
                address.
        """
        value = raw.strip()
        _refuse_nothing(value, "customer id")
        _refuse_invisible(value, "customer id")
        if len(value) > MAX_CUSTOMER_ID_LENGTH:
            raise IdentifierRefused(
                f"the customer id has {len(value)} characters, more than {MAX_CUSTOMER_ID_LENGTH}"
            )
        if "@" in value:
            raise IdentifierRefused(
                "a raw e-mail address is no customer id; "
                'set identifier = "hashed-email" to identify by address'
            )
        return _identifier(_CUSTOMER_ID, value)

    @classmethod
    def email(cls, raw: str) -> "Identifier":
        """Take a raw address or a finished digest.

        Raises:
            IdentifierRefused: it is neither.
        """
        if "@" not in raw:
            return cls.hashed_email(raw)
        address = raw.strip().lower()
        if _is_plain_address(address):  # measured by tests/benchmarks/bench_reading.py
            return _identifier(_HASHED_EMAIL, sha256(address.encode()).hexdigest())
        return cls.email_address(raw)

    @classmethod
    def hashed_email(cls, raw: str) -> "Identifier":
        """Take a finished SHA-256 digest; upper-case hex is lowered.

        Raises:
            IdentifierRefused: another digest, a raw address, or the hash of nothing.
        """
        value = raw.strip().lower()
        if not _is_digest(value):
            _refuse_nothing(value, "e-mail hash")
            raise IdentifierRefused(_why_no_digest(value))
        if value in _MONOTONOUS:
            raise IdentifierRefused("the hash is one digit over and over, which no address gives")
        if value in _HASHES_OF_NOTHING:
            raise IdentifierRefused(
                'the hash is that of an empty value (such as "" or "null"), not of an address'
            )
        return _identifier(_HASHED_EMAIL, value)

    @classmethod
    def email_address(cls, raw: str, *, digest: str | None = None) -> "Identifier":
        """Hash a raw address; where a `digest` is known too, both must agree.

        Raises:
            IdentifierRefused: no address, or the digest belongs to another one.
        """
        address = raw.strip().lower()
        _refuse_nothing(address, "e-mail address")
        _refuse_invisible(address, "e-mail address")
        if not _ADDRESS.fullmatch(address):
            raise IdentifierRefused("this is no e-mail address (expected name@domain.tld)")
        hashed = _identifier(_HASHED_EMAIL, _sha256(address))
        if digest is not None and cls.hashed_email(digest) != hashed:
            raise IdentifierRefused("the hash and the e-mail address in this row disagree")
        return hashed


_identifier = mint(Identifier)


def email_values(raws: Sequence[str]) -> list[str]:
    """Tell the values of what `Identifier.email` makes of many, in half the time.

    Measured by tests/benchmarks/bench_reading.py.

    Raises:
        IdentifierRefused: one of them cannot be an identity.
    """
    addresses = [raw.strip().lower() for raw in raws]
    if all(map(_is_plain_address, addresses)):
        return [sha256(address.encode()).hexdigest() for address in addresses]
    return [Identifier.email(raw).value for raw in raws]


def _refuse_nothing(value: str, what: str) -> None:
    if value.lower() in _NOTHING_WORDS:
        told = "is empty" if not value else "is a word for nothing (such as null or n/a)"
        raise IdentifierRefused(f"the {what} {told}")


def _refuse_invisible(value: str, what: str) -> None:
    if value.isascii() and value.isprintable():
        return
    for char in value:
        if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            raise IdentifierRefused(
                f"the {what} holds an invisible character (U+{ord(char):04X}); remove it"
            )


def _why_no_digest(value: str) -> str:
    if "@" in value:
        return "a raw e-mail address stands where a SHA-256 hash was promised"
    if not _HEX.fullmatch(value):
        return "this is neither a SHA-256 hash (64 hex digits) nor an e-mail address"
    known = _OTHER_DIGESTS.get(len(value))
    guess = f", which looks like {known}" if known else ""
    return f"the hash has {len(value)} hex digits{guess}; SHA-256 has 64"

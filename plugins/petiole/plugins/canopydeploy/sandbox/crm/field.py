"""The text fields of a customer: how long, which values, and what a fresh one holds.

Lengths, choices and defaults as public client code lists them; that a longer text is cut and that a
value outside the choices is refused is assumed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from petiole.plugins.canopydeploy.sandbox.crm.errors import InvalidValue
from petiole.plugins.canopydeploy.sandbox.crm.moment import NO_DATE

OPTION_CHARACTERS = 256
"""What a custom field or a campaign option keeps; the vendor documents it, and may extend it."""

OptionLimit = Callable[[], int]
"""Answers how many characters an option keeps now."""


def documented_limit() -> int:
    """Answer what the vendor documents."""
    return OPTION_CHARACTERS


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One text field; `length` in characters, None for a field bound by its choices."""

    length: int | None = None
    choices: frozenset[str] = frozenset()
    default: str = ""

    def check(self, name: str, text: str) -> str:
        """Answer what the field will hold.

        Raises:
            InvalidValue: The text is none of the choices, or no date where one is due.
        """
        if not text:
            return self.default
        if self.choices and text not in self.choices:
            raise InvalidValue(f"Invalid value [{text}] for field {name}")
        if self.default == NO_DATE and not _DATE.fullmatch(text):
            raise InvalidValue(f"Invalid date [{text}] for field {name}")
        return text[: self.length]


def _choice(*choices: str, default: str) -> Field:
    return Field(choices=frozenset(choices), default=default)


_MARITAL = ("UNKNOWN", "SINGLE", "MARRIED", "DIVORCED", "WIDOWED", "ENGAGED", "COHABITATING")

FIELDS: Mapping[str, Field] = {
    "smsOptIn": _choice("Y", "N", default="N"),
    "optIn": _choice("Y", "N", default="Y"),
    "title": Field(length=100),
    "lastname": Field(length=100),
    "firstname": Field(length=40),
    "middlename": Field(length=40),
    "prefix": Field(length=16),
    "suffix": Field(length=16),
    "initials": Field(length=20),
    "gender": _choice("MAN", "WOMAN", "FAMILY", "UNKNOWN", default="UNKNOWN"),
    "maritalStatus": _choice(*_MARITAL, "DECEASED", default="UNKNOWN"),
    "birthday": Field(length=10, default=NO_DATE),
    "birthplace": Field(length=70),
    "address": Field(length=70),
    "address2": Field(length=70),
    "address3": Field(length=70),
    "addressNumber": Field(length=10),
    "addressNumberSuffix": Field(length=10),
    "zipCode": Field(length=20),
    "poBox": Field(length=11, default="0"),
    "city": Field(length=70),
    "state": Field(length=60),
    "country": Field(length=70),
    "companyName": Field(length=120),
    "department": Field(length=30),
    "alternateAddress": Field(length=70),
    "alternateAddress2": Field(length=70),
    "alternateAddress3": Field(length=70),
    "alternateAddressNumber": Field(length=10),
    "alternateAddressNumberSuffix": Field(length=10),
    "alternateZipCode": Field(length=7),
    "alternateCity": Field(length=70),
    "alternateState": Field(length=60),
    "alternateCountry": Field(length=70),
    "contactMan": Field(length=255),
    "jobTitle": Field(length=60),
    "workPhone": Field(length=16),
    "workExtension": Field(length=10),
    "workMobile": Field(length=16),
    "homePhone": Field(length=16),
    "mobilePhone": Field(length=16),
    "faxNumber": Field(length=16),
    "emailAddress": Field(length=80),
    "alternateEmailAddress": Field(length=80),
    "emailType": _choice("HTML", "TEXT", "MULTIPART", default="MULTIPART"),
    "website": Field(length=255),
    "status": _choice("SUSPECT", "PROSPECT", "CUSTOMER", "BLACKLIST", default="SUSPECT"),
    "externalId": Field(length=100),
    "userName": Field(length=100),
    "password": Field(length=50),
}
"""Every field that a client may write, by the vendor's name."""


def check_fields(texts: Mapping[str, str]) -> dict[str, str]:
    """Keep what the platform would store of `texts`; unknown and read-only names are dropped.

    Raises:
        InvalidValue: A value that its field cannot hold.
    """
    return {name: FIELDS[name].check(name, text) for name, text in texts.items() if name in FIELDS}

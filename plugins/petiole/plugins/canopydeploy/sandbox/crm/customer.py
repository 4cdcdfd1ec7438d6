"""A customer: one person of the brand, as the CRM stores it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.crm.field import FIELDS

SOAP_USER = "SOAP user (ext)"
"""Who made or changed a record over the API, in public fixtures."""


INDEXED_FIELDS = frozenset({"emailAddress", "externalId", "mobilePhone"})
"""The fields that customers are looked up by, beside every option."""

OPTION_PREFIX = "option:"
"""Marks the name of a custom field where it stands beside the names of fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer's account on a social network."""

    network: str
    account_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a caller says about a customer; whatever is absent stays as it is.

    `fields` go by the vendor's names, `options` are the custom fields.
    """

    id: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A stored customer. Values are never changed in place, so that a result set is a snapshot."""

    id: int
    created_at: datetime
    modified_at: datetime
    created_by: str = SOAP_USER
    modified_by: str = SOAP_USER
    fields: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[Account, ...] = ()
    soft_bounces: int = 0
    hard_bounces: int = 0
    complaints: int = 0

    def text(self, name: str) -> str:
        """Answer the field's text, or its default."""
        return self.fields.get(name, FIELDS[name].default)

    @property
    def mail_status(self) -> str:
        """`INACTIVE` after a hard bounce (assumed), else `ACTIVE`."""
        return "INACTIVE" if self.hard_bounces else "ACTIVE"

    @property
    def mailable(self) -> bool:
        """Whether a mail would be delivered: address, consent and no hard bounce (assumed)."""
        allowed = self.text("optIn") == "Y" and self.text("status") != "BLACKLIST"
        return bool(self.text("emailAddress")) and allowed and not self.hard_bounces

    def value(self, name: str) -> str:
        """Answer the text of a field, or of an option by `option:<name>`; empty if it has none."""
        if name.startswith(OPTION_PREFIX):
            return self.options.get(name.removeprefix(OPTION_PREFIX), "")
        return self.text(name)

    def search_keys(self) -> Iterator[tuple[str, str]]:
        """Tell the (name, value) pairs that it can be found by without looking at everyone."""
        for name in INDEXED_FIELDS:
            if value := self.fields.get(name):
                yield name, value
        for name, value in self.options.items():
            yield OPTION_PREFIX + name, value

"""What a batch connection to CanopyDeploy may be told, beside the host's own keys.

Every default names its evidence: *documented* by the vendor or by its Data Activation connector,
or *assumed*, which is why it is a setting.
"""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.address import Address
from petiole.adapters.canopydeploy.section import Name, Section, Zone
from petiole.hooks.duration import Duration


class EnvelopeKeys(Section):
    """Names of the keys around a profile's own fields.

    Assumed. Documented: any key will do, a person maps each to a field of the platform.
    """

    partner_number: Name = "partnerNumber"
    identifier: Name = "identifier"
    identifier_type: Name = "identifierType"
    segment_id: Name = "segmentId"
    segment_name: Name = "segmentName"
    status: Name = "status"
    timestamp: Name = "timestamp"

    def names(self) -> frozenset[str]:
        """Collect them."""
        return frozenset(self.model_dump().values())

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len(self.names()) != len(type(self).model_fields):
            raise ValueError("two envelope keys have the same name")
        return self


class Statuses(Section):
    """The words for what happened to a profile. Documented: NEW, MODIFIED, REMOVED."""

    add: Name = "NEW"
    update: Name = "MODIFIED"
    remove: Name = "REMOVED"

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len({self.add, self.update, self.remove}) != len(type(self).model_fields):
            raise ValueError("two statuses are the same word")
        return self


class CanopyDeployBatchSettings(AccountSettings):
    """The batch lane: profiles are posted to a webhook receiver."""

    endpoint: Address
    """Documented: the address that the platform's wizard shows, without its `?token=`."""
    auth: Literal["bearer", "basic", "query"] = "bearer"
    """Documented, all three: Bearer, Basic with the token as password, and `?token=`."""
    username: str | None = None
    """For Basic only."""
    partner_number: int | None = None
    """Documented: 1020 for customer ids and 1022 for hashed e-mails, unless overridden here."""
    identifier_label: Name | None = None
    """Assumed: CUSTOMER_ID and HASHED_EMAIL."""
    segment_name: str | None = None
    """Assumed: a name beside the segment's id; left out of the records where not given."""
    keys: EnvelopeKeys = EnvelopeKeys()
    statuses: Statuses = Statuses()
    timeout: Duration = Field(default=timedelta(seconds=30), gt=timedelta())
    """Assumed: 30 seconds, for a call as a whole."""
    daily_calls: int = Field(default=50_000, ge=1)
    """Documented: calls a day for all webhooks of a brand; without end with "Webhook Pro"."""
    day_zone: Zone = "Europe/Amsterdam"
    """Assumed: where the day of that count begins."""
    max_call_bytes: int = Field(default=6_000_000, ge=1)
    """Documented: 6 MB a call, read here in its strict sense."""
    answer: Literal["echo", "any"] = "echo"
    """Documented: the answer echoes the records. "any" trusts a 2xx without that."""
    error_key: Name = "error"
    """Assumed: how a record that was refused by itself is marked in the echo."""

    @model_validator(mode="after")
    def _error_key_is_free(self) -> Self:
        if self.error_key in self.keys.names():
            raise ValueError("`error_key` is the name of an envelope key")
        return self

    @model_validator(mode="after")
    def _username_goes_with_basic(self) -> Self:
        if self.auth == "basic" and not self.username:
            raise ValueError('auth = "basic" needs a `username`')
        if self.auth != "basic" and self.username:
            raise ValueError('`username` is for auth = "basic" only')
        if self.username and (":" in self.username or not self.username.isprintable()):
            raise ValueError("`username` cannot hold a colon or invisible characters")
        return self

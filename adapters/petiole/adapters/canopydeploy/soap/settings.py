"""What a realtime connection to CanopyDeploy may be told, beside the host's own keys.

Every default names its evidence: *documented* by the vendor or by its Data Activation connector,
or *assumed*, which is why it is a setting.
"""

from collections.abc import Collection
from typing import Literal, Self

from pydantic import model_validator

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.section import Name, Section
from petiole.adapters.canopydeploy.settings import Statuses
from petiole.core.domain.identity import IdentifierType


class OptionNames(Section):
    """Names of a run's options beside the profile's own fields.

    Assumed. They must be those that the campaign expects. What has no name is not sent.
    """

    identifier: Name = "identifier"
    identifier_type: Name = "identifierType"
    status: Name = "status"
    partner_number: Name | None = None
    timestamp: Name | None = None

    def names(self) -> frozenset[str]:
        """Collect those that are sent."""
        return frozenset(self._given())

    def _given(self) -> list[str]:
        return [name for name in self.model_dump().values() if name is not None]

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len(self.names()) != len(self._given()):
            raise ValueError("two options have the same name")
        return self


class CanopyDeployRealtimeSettings(AccountSettings):
    """The realtime lane: each change is one SOAP call, and its segment is a campaign's id."""

    delivery: Literal["execute", "membership"] = "execute"
    """Assumed. "execute" starts the campaign with the profile's fields; "membership" puts customers
    into it and takes them out, without any fields, and can be read back."""
    partner_number: int | None = None
    """Documented: 1010 for customer ids and 1012 for hashed e-mails, unless overridden here."""
    identifier_label: Name | None = None
    """Assumed: CUSTOMER_ID and HASHED_EMAIL."""
    options: OptionNames = OptionNames()
    statuses: Statuses = Statuses()


def reserved_options(settings: CanopyDeployRealtimeSettings) -> Collection[str]:
    """Name the platform fields that no mapping may use: the options that carry the change."""
    return settings.options.names() if settings.delivery == "execute" else ()


def identifier_trouble(settings: CanopyDeployRealtimeSettings, identifier: IdentifierType) -> str:
    """Tell why profiles that are identified so cannot be delivered, or nothing."""
    if settings.delivery == "membership" and identifier is not IdentifierType.CUSTOMER_ID:
        return (
            'delivery = "membership" goes with identifier = "customer-id" only; '
            "the platform finds no customer by a hash"
        )
    return ""

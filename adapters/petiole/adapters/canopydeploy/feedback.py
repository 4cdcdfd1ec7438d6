"""What a connection may be told about engagements: the push, and the two ways to fetch them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from petiole.adapters.canopydeploy.address import Address
from petiole.adapters.canopydeploy.section import Name, Section, Zone
from petiole.core.domain.engagement import EngagementKind
from petiole.hooks import Secret
from petiole.hooks.duration import Duration

Source = Annotated[str, StringConstraints(pattern=r"^(externalId|id|email|option:.+)$")]
"""Where a customer's identity stands."""


class KindNames(Section):
    """The platform's names for the five kinds."""

    receive: Name
    open: Name
    click: Name
    bounce: Name
    complaint: Name

    def kinds(self) -> dict[str, EngagementKind]:
        """Tell the kind of each name, in the order in which things happen to a mail."""
        return {getattr(self, kind): kind for kind in EngagementKind}

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len(self.kinds()) != len(EngagementKind):
            raise ValueError("two kinds of engagement have the same name")
        return self


class InteractionTypes(KindNames):
    """What the store app calls the kinds. Documented, though not whether the wire says it so."""

    receive: Name = "Email Receive"
    open: Name = "Email Open"
    click: Name = "Email Click"
    bounce: Name = "Email Bounce"
    complaint: Name = "Email Complaint"


class Metrics(KindNames):
    """What the Analytics Events API calls the kinds. Seen: the first three; assumed: the others.

    Assumed too: a mail that bounced is not among the sends.
    """

    receive: Name = "sends"
    open: Name = "opens"
    click: Name = "clicks"
    bounce: Name = "bounces"
    complaint: Name = "complaints"


class PushSettings(Section):
    """What the store app was told, so that its calls are known."""

    site: int = Field(ge=0)
    """Documented: the site number, one for each brand."""
    username: str = Field(min_length=1)
    password: Secret
    partner_number: int | None = None
    """Documented: 1010 for customer ids and 1012 for hashed e-mails, unless overridden here."""
    types: InteractionTypes = InteractionTypes()

    @field_validator("username")
    @classmethod
    def _fits_basic(cls, username: str) -> str:
        if ":" in username or not username.isprintable():
            raise ValueError("`username` cannot hold a colon or invisible characters")
        return username


class PullSettings(Section):
    """What both ways to fetch have in common."""

    identity: Source | None = None
    """Assumed: the place of the identifier, if it is not the first that holds a fitting one."""
    look_back: Duration = Field(default=timedelta(days=3), ge=timedelta())
    """Assumed: how late an event may turn up; what is that old is fetched again each time."""


class MailingsSettings(PullSettings):
    """Fetching over SOAP, mailing by mailing."""

    brand_id: str = ""
    """SOAP does not tell it: one token is one brand's."""
    zone: Zone = "Europe/Amsterdam"
    """Assumed: the zone of the platform's times."""
    delivered: Sequence[Name] = ("DELIVERED",)
    """Assumed: states of a delivery that reached the mailbox."""
    undelivered: Sequence[Name] = ("BOUNCED",)
    """Assumed: states of one that did not; any other state is told as one that cannot be read."""
    patience: Duration = Field(default=timedelta(minutes=10), gt=timedelta())
    """Assumed: how long the platform may take to make one result set."""


class AnalyticsSettings(PullSettings):
    """Fetching from the Analytics Events API."""

    client_id: Name
    client_secret: Secret
    events_url: Address = "https://api.canopydeploy.net/analytics-events/events"
    """Documented."""
    token_url: Address = "https://auth.clang.cloud/oauth2/token"  # noqa: S105 - an address
    """Documented."""
    scope: str = "analytics.events:read"
    """Documented."""
    metrics: Metrics = Metrics()
    page_size: int = Field(default=1000, ge=1)
    """Seen: a public client asks for 1000 and gets them."""
    timeout: Duration = Field(default=timedelta(seconds=60), gt=timedelta())
    """Assumed: 60 seconds, for a call as a whole."""

    @field_validator("identity")
    @classmethod
    def _has_no_options(cls, identity: str | None) -> str | None:
        if identity and identity.startswith("option:"):
            raise ValueError('events tell no options: use "externalId", "id" or "email"')
        return identity

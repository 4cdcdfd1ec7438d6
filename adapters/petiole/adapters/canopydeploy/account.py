"""What every connection to CanopyDeploy may be told, whatever its lane: the account behind it.

The list of campaigns always comes over SOAP, also for a connection that delivers over REST.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydantic import Field, StringConstraints, model_validator

from petiole.adapters.canopydeploy.address import MASK, Address, masked
from petiole.adapters.canopydeploy.feedback import (
    AnalyticsSettings,
    MailingsSettings,
    PushSettings,
)
from petiole.adapters.canopydeploy.section import Section
from petiole.hooks import Secret
from petiole.hooks.duration import Duration

_PORTAL = "https://{portal}.myclang.com/app/api/soap/public/index.php"
_ADDRESSES = frozenset({"endpoint", "soap_url", "events_url", "token_url"})
_SECRETS = frozenset({"token", "password", "client_secret"})
_TABLES = frozenset({"push", "analytics"})


class AccountSettings(Section):
    """The token, and where the platform's SOAP interface is."""

    token: Secret
    """Documented: a token of the webhook or of a user. Assumed: SOAP takes the latter only."""
    portal: Literal["secure", "login"] = "secure"
    """Documented: the portal that the token's user logs in to, secure.myclang.com or login."""
    soap_url: Address | None = None
    """The address of SOAP calls, where it is not the portal's own."""
    soap_version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.-]+$")] = "1.24"
    """Seen: 1.24 is the newest. Its operations are the ones that petiole knows."""
    timeout: Duration = Field(default=timedelta(seconds=60), gt=timedelta())
    """Assumed: 60 seconds, for a SOAP call as a whole."""
    push: PushSettings | None = None
    """What the store app pushes; without this table nothing is received."""
    mailings: MailingsSettings = MailingsSettings()
    analytics: AnalyticsSettings | None = None
    """Without this table nothing is fetched from there."""

    @property
    def call_url(self) -> str:
        """Where SOAP calls go. Documented: version and `type=literal` stand in the query."""
        return self._soap_address({"version": self.soap_version, "type": "literal"})

    @property
    def address_setting(self) -> str:
        """The setting that decides where SOAP calls go."""
        return "soap_url" if self.soap_url else "portal"

    @property
    def wsdl_url(self) -> str:
        """Where the platform describes its SOAP interface; seen in public clients."""
        return self._soap_address({"version": self.soap_version}, flag="wsdl&")

    def _soap_address(self, query: Mapping[str, str], *, flag: str = "") -> str:
        """Add what is missing to the query of the address; a version that is there stays."""
        address = urlsplit(self.soap_url or _PORTAL.format(portal=self.portal))
        own = dict(parse_qsl(address.query, keep_blank_values=True))
        for name in ("wsdl", "type"):
            own.pop(name, None)
        return address._replace(query=flag + urlencode({**query, **own})).geturl()

    @model_validator(mode="before")
    @classmethod
    def _mask(cls, values: object) -> object:
        """Take misplaced secrets out of the input before anything can report it."""
        return _hidden(values)


def _hidden(values: object) -> object:
    if not isinstance(values, Mapping):
        return values
    hidden = dict(values)
    for name, value in values.items():
        if name in _TABLES:
            hidden[name] = _hidden(value)
        elif isinstance(value, str) and name in _SECRETS:
            hidden[name] = MASK
        elif isinstance(value, str) and name in _ADDRESSES:
            hidden[name] = masked(value)
    return hidden

"""What a batch connection to CanopyDeploy may be told, beside the host's own keys.

Every default names its evidence: *documented* by the vendor or by its Data Activation connector,
or *assumed*, which is why it is a setting.
"""

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from petiole.hooks import Secret
from petiole.hooks.duration import Duration

MASK = "***"
_Key = Annotated[str, StringConstraints(min_length=1)]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError) as error:
        raise ValueError('unknown time zone; write it like "Europe/Amsterdam"') from error
    return name


class _Section(BaseModel):
    # Inputs stay out of error texts: one of them may be a secret in the wrong place.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class EnvelopeKeys(_Section):
    """Names of the keys around a profile's own fields.

    Assumed. Documented: any key will do, a person maps each to a field of the platform.
    """

    partner_number: _Key = "partnerNumber"
    identifier: _Key = "identifier"
    identifier_type: _Key = "identifierType"
    segment_id: _Key = "segmentId"
    segment_name: _Key = "segmentName"
    status: _Key = "status"
    timestamp: _Key = "timestamp"

    def names(self) -> frozenset[str]:
        """Collect them."""
        return frozenset(self.model_dump().values())

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len(self.names()) != len(type(self).model_fields):
            raise ValueError("two envelope keys have the same name")
        return self


class Statuses(_Section):
    """The words for what happened to a profile. Documented: NEW, MODIFIED, REMOVED."""

    add: _Key = "NEW"
    update: _Key = "MODIFIED"
    remove: _Key = "REMOVED"

    @model_validator(mode="after")
    def _all_differ(self) -> Self:
        if len({self.add, self.update, self.remove}) != len(type(self).model_fields):
            raise ValueError("two statuses are the same word")
        return self


class CanopyDeployBatchSettings(_Section):
    """The batch lane: profiles are posted to a webhook receiver."""

    endpoint: str
    """Documented: the address that the platform's wizard shows, without its `?token=`."""
    token: Secret
    """Documented: a token of the webhook, or of a user."""
    auth: Literal["bearer", "basic", "query"] = "bearer"
    """Documented, all three: Bearer, Basic with the token as password, and `?token=`."""
    username: str | None = None
    """For Basic only."""
    partner_number: int | None = None
    """Documented: 1020 for customer ids and 1022 for hashed e-mails, unless overridden here."""
    identifier_label: _Key | None = None
    """Assumed: CUSTOMER_ID and HASHED_EMAIL."""
    segment_name: str | None = None
    """Assumed: a name beside the segment's id; left out of the records where not given."""
    keys: EnvelopeKeys = EnvelopeKeys()
    statuses: Statuses = Statuses()
    timeout: Duration = Field(default=timedelta(seconds=30), gt=timedelta())
    """Assumed: 30 seconds, for a call as a whole."""
    daily_calls: int = Field(default=50_000, ge=1)
    """Documented: calls a day for all webhooks of a brand; without end with "Webhook Pro"."""
    day_zone: Annotated[str, AfterValidator(_zone)] = "Europe/Amsterdam"
    """Assumed: where the day of that count begins."""
    max_call_bytes: int = Field(default=6_000_000, ge=1)
    """Documented: 6 MB a call, read here in its strict sense."""
    answer: Literal["echo", "any"] = "echo"
    """Documented: the answer echoes the records. "any" trusts a 2xx without that."""
    error_key: _Key = "error"
    """Assumed: how a record that was refused by itself is marked in the echo."""

    @model_validator(mode="before")
    @classmethod
    def _mask(cls, values: object) -> object:
        """Take misplaced secrets out of the input before anything can report it."""
        if not isinstance(values, Mapping):
            return values
        masked = dict(values)
        if isinstance(endpoint := values.get("endpoint"), str):
            masked["endpoint"] = _masked(endpoint)
        if isinstance(values.get("token"), str):
            masked["token"] = MASK
        return masked

    @field_validator("endpoint")
    @classmethod
    def _is_safe_address(cls, endpoint: str) -> str:
        url = urlsplit(endpoint)
        if url.scheme not in {"https", "http"} or not url.hostname:
            raise ValueError('an address is expected, such as "https://webhook.myclang.com/…"')
        if not endpoint.isprintable() or " " in endpoint:
            raise ValueError("the address holds a space or an invisible character")
        if "@" in url.netloc:
            raise ValueError("take user and password out of the address: use `username`, `token`")
        if any(_is_token(name) for name, _ in parse_qsl(url.query, keep_blank_values=True)):
            raise ValueError(
                "take `?token=` out of the address, keep its value where only you can read it "
                'and refer to it: token = { env = "CANOPYDEPLOY_TOKEN" }'
            )
        if url.fragment:
            raise ValueError("take the part after # out of the address")
        if url.scheme == "http" and not _is_loopback(url.hostname):
            raise ValueError("use https: the token and the profiles must not travel in the open")
        return endpoint

    @model_validator(mode="after")
    def _username_goes_with_basic(self) -> Self:
        if self.auth == "basic" and not self.username:
            raise ValueError('auth = "basic" needs a `username`')
        if self.auth != "basic" and self.username:
            raise ValueError('`username` is for auth = "basic" only')
        if self.username and (":" in self.username or not self.username.isprintable()):
            raise ValueError("`username` cannot hold a colon or invisible characters")
        return self


def _is_token(parameter: str) -> bool:
    return "token" in parameter.lower()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _masked(endpoint: str) -> str:
    """Return the address with whatever may be a secret in it replaced."""
    try:
        url = urlsplit(endpoint)
        pairs = parse_qsl(url.query, keep_blank_values=True)
    except ValueError:
        return ""
    if not url.fragment and "@" not in url.netloc and not any(_is_token(name) for name, _ in pairs):
        return endpoint
    query = urlencode([(name, MASK if _is_token(name) else value) for name, value in pairs])
    user, at, host = url.netloc.rpartition("@")
    netloc = f"{MASK if user else user}{at}{host}"
    return urlunsplit((url.scheme, netloc, url.path, query, MASK if url.fragment else ""))

"""Settings of what comes back: the web server, pulls, and where engagements go on to."""

from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

from petiole.hooks import Duration, Secret

_STRICT = ConfigDict(extra="forbid", frozen=True)


class WebSettings(BaseModel):
    """What `petiole serve` listens to, and what it bears."""

    model_config = _STRICT

    host: str = "127.0.0.1"
    """The address to listen on; one that others can reach needs `public = true`."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8180
    """The port to listen on; 0 takes a free one."""
    public: bool = False
    """Listen where others can call. Put a server that ends TLS in front: this one speaks HTTP."""
    max_body_bytes: Annotated[int, Field(ge=1_000)] = 262_144
    """A longer call is refused (413)."""
    timeout: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=10)
    """For the head of a call, and as long again for its body (408)."""
    max_waiting: Annotated[int, Field(ge=1)] = 10_000
    """Calls that may wait for the disk; more are asked to come again (429)."""

    @model_validator(mode="after")
    def _public_is_asked_for(self) -> Self:
        if not self.public and not _is_loopback(self.host):
            raise ValueError(
                f"web.host {self.host!r} can be reached from elsewhere; "
                "say public = true if that is meant"
            )
        return self


class PullSettings(BaseModel):
    """Fetching engagements on a schedule."""

    model_config = _STRICT

    source: Annotated[str, Field(alias="from", min_length=1)]
    """Which of the plugin's sources: the last part of its id, such as "mailings"."""
    every: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(hours=1)
    """How long after one pull the next one begins."""
    since: Duration = timedelta(days=30)
    """How far back the first pull goes."""


class JsonlSettings(BaseModel):
    """A file that engagements are appended to, one JSON object a line."""

    model_config = _STRICT

    path: Path
    """The file; relative to the settings file."""
    max_bytes: Annotated[int, Field(ge=10_000)] = 100_000_000
    """The file is put aside, and another begun, before it is longer."""
    keep: Annotated[int, Field(ge=0)] = 10
    """So many that were put aside are kept, PATH.1, PATH.2 and so on; 0 keeps all."""


class WebhookSettings(BaseModel):
    """An address that engagements are posted to, signed as Standard Webhooks says."""

    model_config = _STRICT

    url: HttpUrl
    """Where to; https unless it is on this machine."""
    secret: Secret
    """What signs: `whsec_` and 24 to 64 bytes in Base64."""
    timeout: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(seconds=15)
    """For a call as a whole."""

    @model_validator(mode="after")
    def _private_on_the_way(self) -> Self:
        if self.url.scheme != "https" and not _is_loopback(self.url.host or ""):
            raise ValueError("engagements tell of people: webhook.url must begin with https://")
        return self


class EngagementsSettings(BaseModel):
    """Where engagements go on to."""

    model_config = _STRICT

    jsonl: JsonlSettings | None = None
    """A file."""
    webhook: WebhookSettings | None = None
    """An address."""


TABLES: Mapping[str, type[BaseModel]] = {
    "engagements": EngagementsSettings,
    "jsonl": JsonlSettings,
    "webhook": WebhookSettings,
    "web": WebSettings,
    "pull": PullSettings,
}
"""The models by the names of their tables."""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

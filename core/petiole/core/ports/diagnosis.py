"""A look at a connection, step by step, for the person who set it up."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable


class Health(StrEnum):
    """How a step ended."""

    OK = "ok"
    """As it should be."""
    WARN = "warn"
    """Deliveries go on, but somebody should know; or it cannot be known without writing."""
    FAIL = "fail"
    """Deliveries cannot work before somebody acts."""


class Aspect(StrEnum):
    """What a step looks at; each kind of trouble is mended at another place."""

    SETTINGS = "settings"
    """The connection's part of the settings."""
    SECRET = "secret"  # noqa: S105 - the word, not one
    """Whether the secret is where the settings say."""
    NAME = "name"
    """The platform's host has an address."""
    ENCRYPTION = "encryption"
    """Somebody listens there, and proves to be that host (TLS)."""
    ADDRESS = "address"
    """What deliveries are sent to is there."""
    TOKEN = "token"  # noqa: S105 - the word, not one
    """The platform takes the token."""
    INTERFACE = "interface"
    """The platform offers what the plugin was made for."""
    CAMPAIGNS = "campaigns"
    """There is something to send to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one step found. `subject` tells two steps of one aspect apart, such as a host's name.

    `told` holds no secret and no personal data. `remedy` is the next thing to do, where something
    is to be done.
    """

    aspect: Aspect
    health: Health
    subject: str
    told: str
    remedy: str = ""


@runtime_checkable
class Diagnosis(Protocol):
    """Looks at one connection's platform."""

    def findings(self) -> Iterator[Finding]:
        """Look, one step after the other, and tell of each as soon as it is known.

        A trouble is a finding, never an exception. What cannot be looked at since an earlier step
        failed is left out. Nothing is written on the platform; what only a write would show is a
        warning that says so. Settings and secrets were looked at before.
        """
        ...

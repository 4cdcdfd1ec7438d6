"""What the platform answered, message by message."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from petiole.core.domain.message import MessageId
from petiole.core.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform took it."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The platform refused this one message: its own code and text, verbatim."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """The platform wants this one message later; no attempt is spent."""

    until: datetime
    reason: str = ""


Outcome: TypeAlias = Accepted | Rejected | Deferred

ACCEPTED = Accepted()


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """One outcome for every message of the batch, by message id; order carries no meaning.

    `exchange` is the call behind it, where the sink keeps a record of its calls. `sent` is false
    where the sink itself refused every message, and made no call.
    """

    outcomes: Mapping[MessageId, Outcome]
    exchange: Exchange | None = None
    sent: bool = True

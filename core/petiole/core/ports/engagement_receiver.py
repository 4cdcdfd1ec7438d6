"""What platforms push: their calls, read and answered in their own way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from petiole.core.domain.engagement import Engagement, RefusedEngagement


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundCall:
    """One HTTP call. Names of headers are in lower case; `query` holds the last of equal keys."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundAnswer:
    """What the platform is told. The body is JSON, or empty."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a call held, and the answer that it gets once that is stored."""

    answer: InboundAnswer
    engagements: Sequence[Engagement] = ()
    refused: Sequence[RefusedEngagement] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundRoute:
    """Where calls arrive: a method, and a path whose parts in braces may be anything."""

    method: str
    path: str


@runtime_checkable
class EngagementReceiver(Protocol):
    """Reads what a platform pushes to one connection. Called from several threads at once."""

    def routes(self) -> Sequence[InboundRoute]:
        """Name the calls that it takes; the host hands it no others."""
        ...

    def admits(self, headers: Mapping[str, str]) -> InboundAnswer | None:
        """Check who calls before the body is read: `None` lets in, an answer turns away.

        Takes the same time for every wrong credential.
        """
        ...

    def receive(self, call: InboundCall) -> Received:
        """Read a call that was admitted; never raises and stores nothing itself.

        What cannot be read becomes refused, with a reason that repeats nothing of it.
        """
        ...

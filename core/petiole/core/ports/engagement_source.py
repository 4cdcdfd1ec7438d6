"""Where engagements are fetched from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from petiole.core.domain.engagement import Engagement, Origin, RefusedEngagement


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagementPage:
    """Some engagements, and where to go on after them.

    `checkpoint` means something to the source alone; it is stored together with the page.
    """

    engagements: Sequence[Engagement]
    checkpoint: str
    refused: Sequence[RefusedEngagement] = ()


@runtime_checkable
class EngagementSource(Protocol):
    """Fetches what happened on one connection's account. Changes nothing on the platform."""

    @property
    def origin(self) -> Origin:
        """What to call this way of fetching."""
        ...

    def pull(self, checkpoint: str | None, *, since: datetime) -> Iterator[EngagementPage]:
        """Fetch page by page, in bounded memory, what happened since a moment.

        Goes on after `checkpoint`, which an earlier page brought, also in the middle. A page may
        bring again what an earlier one brought; nothing is left out. A page is asked for only after
        the one before was stored.

        Raises:
            DeliveryError: as a sink does; what was fetched before counts.
        """
        ...

"""Where engagements are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from petiole.core.domain.change import AccountName, ConnectionName, SegmentId
from petiole.core.domain.engagement import (
    CampaignSummary,
    Engagement,
    EngagementId,
    EngagementKind,
    EngagementSelection,
    RefusedEngagement,
    StoredEngagement,
)
from petiole.core.domain.identity import Identifier

CLOCK_TOLERANCE = timedelta(minutes=5)
"""By so much the platform's clock may be behind ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """How far a reader came; `reader` names it."""

    connection: ConnectionName
    reader: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageReceipt:
    """What became of engagements: `repeated` ones were known, `stored` are new, in order."""

    stored: Sequence[StoredEngagement] = ()
    repeated: int = 0
    refused: int = 0


@runtime_checkable
class Engagements(Protocol):
    """Keeps each event once. Each call is one transaction; what returned has survived a crash."""

    def store(
        self,
        account: AccountName,
        engagements: Sequence[Engagement],
        *,
        refused: Sequence[RefusedEngagement] = (),
        checkpoint: Checkpoint | None = None,
    ) -> StorageReceipt:
        """Keep engagements of one account, but no repeats (`domain.engagement.is_repeat`).

        Each is joined to its cause: the last addition or update of its profile that its connection
        delivered before it happened (clocks may differ by `CLOCK_TOLERANCE`), in the segment of its
        campaign's id if there is one, else in any. Refused ones and the checkpoint are kept in the
        same transaction.
        """
        ...

    def read(
        self, selection: EngagementSelection, *, after: EngagementId | None, limit: int
    ) -> Sequence[StoredEngagement]:
        """Read what is selected, in the order of storing, after an id, up to `limit`."""
        ...

    def checkpoint(self, connection: ConnectionName, reader: str) -> str | None:
        """Tell how far a reader came, `None` for a new one."""
        ...

    def rejoin(self, *, since: datetime, limit: int) -> int:
        """Look again for causes of engagements that have none; tells how many were found.

        An event may be told before the delivery that caused it is settled.
        """
        ...


@runtime_checkable
class EngagementBooks(Protocol):
    """Sums and sets over the kept engagements; reads only."""

    def summary(
        self, connections: Collection[ConnectionName], *, since: datetime | None
    ) -> Sequence[CampaignSummary]:
        """Sum up by connection and campaign what happened since a moment, or ever."""
        ...

    def silent(
        self, connection: ConnectionName, *, accepted_before: datetime
    ) -> Collection[SegmentId]:
        """Name segments that took profiles before a moment, and that no engagement goes back to.

        Costs nothing that grows with profiles or engagements.
        """
        ...

    def refused(self, *, limit: int) -> Sequence[RefusedEngagement]:
        """List what could not be read, the newest first."""
        ...

    def suppressed(
        self,
        account: AccountName,
        identifiers: Collection[Identifier],
        kinds: Collection[EngagementKind],
    ) -> Collection[Identifier]:
        """Tell which of some profiles complained, or bounced for good; a soft bounce is none.

        A bounce of unknown type counts as hard.
        """
        ...

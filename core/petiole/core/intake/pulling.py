"""Fetch engagements page by page: each page is durable before the next one is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.ports.engagement_source import EngagementSource
from petiole.core.ports.engagements import Checkpoint, Engagements, StorageReceipt


@dataclass(frozen=True, slots=True, kw_only=True)
class PullCount:
    """What one pull brought."""

    stored: int = 0
    repeated: int = 0
    refused: int = 0

    def __add__(self, receipt: StorageReceipt) -> "PullCount":
        """Count one page more."""
        return PullCount(
            stored=self.stored + len(receipt.stored),
            repeated=self.repeated + receipt.repeated,
            refused=self.refused + receipt.refused,
        )


def pull(
    source: EngagementSource,
    engagements: Engagements,
    *,
    account: AccountName,
    connection: ConnectionName,
    since: datetime,
    on_page: Callable[[StorageReceipt], None] | None = None,
    until: Callable[[], bool] = lambda: False,
) -> PullCount:
    """Fetch what is new on a connection, going on where an earlier pull ended or was cut off.

    Args:
        source: asked from its own checkpoint on.
        engagements: stores each page together with its checkpoint.
        account: whose profiles they concern.
        connection: whose checkpoint it is.
        since: where a source begins that has no checkpoint yet.
        on_page: is told of each page, after it is durable.
        until: asked after each page; true ends the pull.

    Raises:
        DeliveryError: the source cannot go on; what was stored before stays, and so does its
            checkpoint.
    """
    count = PullCount()
    begun_at = engagements.checkpoint(connection, source.origin)
    for page in source.pull(begun_at, since=since):
        receipt = engagements.store(
            account,
            page.engagements,
            refused=page.refused,
            checkpoint=Checkpoint(
                connection=connection, reader=source.origin, place=page.checkpoint
            ),
        )
        count += receipt
        if on_page is not None:
            on_page(receipt)
        if until():
            break
    return count

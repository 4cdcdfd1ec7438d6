"""Hand stored engagements on, in order and at least once: the store itself is their outbox."""

from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.engagement import EngagementId, EngagementSelection
from petiole.core.ports.engagement_sink import EngagementSink
from petiole.core.ports.engagements import Checkpoint, Engagements

EVERY_ACCOUNT = AccountName("")
EVERY_CONNECTION = ConnectionName("")
"""Whose checkpoints those of forwarders are."""

MOST_AT_ONCE = 500


def forward_some(sink: EngagementSink, engagements: Engagements, *, name: str) -> int:
    """Hand on the next engagements that a sink has not taken yet; tells how many.

    Args:
        sink: takes them; if it fails, they come again the next time.
        engagements: keeps how far the sink came.
        name: the sink's own, for its checkpoint.

    Raises:
        DeliveryError: the sink did not take them.
    """
    reader = f"forward.{name}"
    place = engagements.checkpoint(EVERY_CONNECTION, reader)
    after = None if place is None else EngagementId(int(place))
    some = engagements.read(EngagementSelection(), after=after, limit=MOST_AT_ONCE)
    if not some:
        return 0
    sink.forward(some)
    reached = Checkpoint(connection=EVERY_CONNECTION, reader=reader, place=str(some[-1].id))
    engagements.store(EVERY_ACCOUNT, [], checkpoint=reached)
    return len(some)

"""What a settled delivery gives to tell: events, made after everything is durable."""

from collections.abc import Iterator

from petiole.core.delivery.attempt import Attempt
from petiole.core.delivery.verdicts import Judgement
from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.events import (
    BatchSettled,
    ConnectionHeld,
    ConnectionPaused,
    Event,
    MessageBuried,
    MessagesDelivered,
)
from petiole.core.domain.message import Batch


def settled(batch: Batch, attempt: Attempt, judgement: Judgement) -> Iterator[Event]:
    """Tell what became of a batch: its messages first, its sums last."""
    connection = batch.connection
    if judgement.delivered:
        yield MessagesDelivered(connection=connection, messages=judgement.delivered)
    for message, verdict in judgement.buried:
        yield MessageBuried(connection=connection, message=message, verdict=verdict)
    kinds = [message.change.kind for message in judgement.delivered]
    yield BatchSettled(
        connection=connection,
        batch=batch.id,
        # Compared, not hashed one by one: an enum is slow to hash.
        delivered={kind: kinds.count(kind) for kind in ChangeKind if kind in kinds},
        retried=judgement.retried,
        resent=attempt.repeated + judgement.doubtful,
        deferred=judgement.deferred,
        parked=judgement.parked,
        buried=len(judgement.buried),
        calls=attempt.calls,
        error=judgement.error,
        retry_at=judgement.retry_at,
    )


def changed(
    connection: ConnectionName, before: ConnectionState, after: ConnectionState
) -> Iterator[Event]:
    """Tell that a connection was paused, or keeps still until another moment."""
    if after.paused and not before.paused:
        yield ConnectionPaused(connection=connection, why=after.paused, reason=after.paused_why)
    elif after != HEALTHY and after.open_until and after.open_until != before.open_until:
        yield ConnectionHeld(connection=connection, until=after.open_until, reason=after.reason)

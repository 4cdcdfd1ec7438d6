"""Short ways to claim and settle, so that a test reads as what it tests."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import cycle

from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId, Message, MessageId
from petiole.core.domain.settlement import DELIVERED, Bury, Park, Settlement, Verdict
from petiole.testing.changes import MOMENT, change, scope
from petiole.testing.stands import Store

NEWSLETTER = ConnectionName("newsletter")
WELCOME = ConnectionName("welcome")
MINUTE = timedelta(minutes=1)
LEASE = 10 * MINUTE
ALL = BatchPolicy()
"""More than any test enqueues."""
THREES = BatchPolicy(max_profiles=3)
ONE_CALL = AttemptRecord(began_at=MOMENT, ended_at=MOMENT, calls=1)
DOUBT = Park("Timeout", "no answer")


def claim(
    store: Store,
    connection: str = NEWSLETTER,
    *,
    policy: BatchPolicy = ALL,
    batches: int = 1,
    partial: bool = True,
) -> Sequence[Batch]:
    """Claim under a lease of ten minutes."""
    return store.outbox.claim(
        ConnectionName(connection), policy, batches=batches, partial=partial, lease=LEASE
    )


def settlement(batch: Batch, *verdicts: Verdict, record: AttemptRecord = ONE_CALL) -> Settlement:
    """Judge a batch, by default as delivered; verdicts are dealt out in turn."""
    dealt = zip(batch.messages, cycle(verdicts or [DELIVERED]), strict=False)
    judged = {message.id: verdict for message, verdict in dealt}
    return Settlement(batch.id, batch.epoch, judged, record)


def settle(
    store: Store, batch: Batch, *verdicts: Verdict, record: AttemptRecord = ONE_CALL
) -> Sequence[BatchId]:
    """Settle a batch, by default as delivered; verdicts are dealt out in turn."""
    return list(store.outbox.settle([settlement(batch, *verdicts, record=record)]))


def end(store: Store, number: int, verdict: Verdict, connection: str = NEWSLETTER) -> MessageId:
    """Enqueue an addition and settle it so."""
    store.outbox.enqueue([change(number, within=scope(connection))], folding=True)
    [batch] = claim(store, connection)
    settle(store, batch, verdict)
    return batch.messages[0].id


def deliver_everything(store: Store, connection: str = NEWSLETTER) -> list[Message]:
    """Claim and deliver until nothing is claimable; the messages in the order of their claims."""
    sent: list[Message] = []
    while batches := claim(store, connection, batches=2):
        for batch in batches:
            sent += batch.messages
            settle(store, batch)
    return sent


def buried(reason: str = "unknown field") -> Bury:
    """Refused by the platform."""
    return Bury("105", reason)


def numbers(batch: Batch) -> list[int]:
    """The customers whose changes are in a batch, in order."""
    return [int(message.change.identifier.value) for message in batch.messages]


def fill(store: Store, first: int, last: int) -> None:
    """Enqueue additions of the customers from first to last."""
    store.outbox.enqueue([change(number) for number in range(first, last + 1)], folding=True)


def deliver(store: Store, *changes: ProfileChange) -> None:
    """Have changes accepted by the platform."""
    store.outbox.enqueue(changes, folding=False)
    deliver_everything(store)

"""Broken ways to queue changes."""

from collections.abc import Sequence
from dataclasses import replace

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.outbox import Outbox
from petiole.testing.zoo.mutant import breaks

Changes = Sequence[ProfileChange]
ANYTHING = BatchPolicy(max_profiles=100_000, max_bytes=10**9)


@breaks(Outbox.enqueue, "Keeps every change until it is settled", of=Outbox)
def loses_a_change(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    return outbox.enqueue(changes[1:], folding=folding)


@breaks(Outbox.enqueue, "Take changes, in order")
def queues_a_change_twice(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    return outbox.enqueue([*changes, *changes[:1]], folding=folding)


@breaks(Outbox.enqueue, "Take changes, in order")
def queues_backwards(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    return outbox.enqueue(changes[::-1], folding=folding)


@breaks(Outbox.enqueue, "Take changes, in order")
def miscounts_what_it_takes(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    return replace(outbox.enqueue(changes, folding=folding), enqueued=len(changes))


@breaks(Outbox.enqueue, "seen before is not taken again")
def takes_a_known_change_again(
    outbox: Outbox, changes: Changes, *, folding: bool
) -> EnqueueReceipt:
    return outbox.enqueue([replace(change, id=None) for change in changes], folding=folding)


@breaks(Outbox.enqueue, "With `folding`")
def folds_when_it_must_not(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    del folding
    return outbox.enqueue(changes, folding=True)


@breaks(Outbox.enqueue, "is folded into the one before it")
def never_folds(outbox: Outbox, changes: Changes, *, folding: bool) -> EnqueueReceipt:
    del folding
    return outbox.enqueue(changes, folding=False)


@breaks(Outbox.backlog, "no further than one batch deep")
def looks_at_everything(outbox: Outbox, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
    del policy
    return outbox.backlog(connection, ANYTHING)


@breaks(Outbox.backlog, "Tell what could be claimed now")
def sees_no_work(outbox: Outbox, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
    return replace(outbox.backlog(connection, policy), claimable=0, oldest_enqueued_at=None)


@breaks(Outbox.backlog, "as UTF-8", of=Outbox)
def weighs_nothing(outbox: Outbox, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
    return replace(outbox.backlog(connection, policy), weight_bytes=0)

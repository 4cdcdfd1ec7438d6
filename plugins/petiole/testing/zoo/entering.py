"""Broken ways to put what differs into the outbox."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import TypeAlias, cast

from petiole.core.domain.batching import Claiming
from petiole.core.domain.message import Batch, BatchId, Message, MessageId
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.ledger import Comparison, Entered, Entering, Ledger
from petiole.testing.zoo.ledgers import compared
from petiole.testing.zoo.mutant import Bend, breaks, twin

Part: TypeAlias = Callable[[Claiming | None], Entered | None]


def parted(bend: Callable[[Entering], Part]) -> Bend:
    """Let a mutant put the parts of a good comparison there wrongly, from the first on."""

    @wraps(bend)
    def entering(
        comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
    ) -> Entering:
        good = comparison.entering(occurred_at, folding=folding, removing=removing)
        part = bend(good)

        def broken(_: Entering, claiming: Claiming | None = None) -> Entered | None:
            return part(claiming)

        return cast("Entering", twin(good, "part", broken))

    return compared("entering")(entering)


@breaks(Ledger.compare, "Without `removing`", of=Comparison.entering)
@compared("entering")
def removes_without_being_asked(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    del removing
    return comparison.entering(occurred_at, folding=folding, removing=True)


@breaks(Ledger.compare, "in the order of `changes`", of=Comparison.entering)
@compared("entering")
def leaves_removals_out(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    del removing
    return comparison.entering(occurred_at, folding=folding, removing=False)


@breaks(Ledger.compare, "as `Outbox.enqueue` does", of=Entering.part)
@compared("entering")
def folds_when_it_should_not(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    del folding
    return comparison.entering(occurred_at, folding=True, removing=removing)


@breaks(Ledger.compare, "as `Outbox.enqueue` does", of=Entering.part)
@compared("entering")
def lines_up_what_should_be_folded(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    del folding
    return comparison.entering(occurred_at, folding=False, removing=removing)


@breaks(Ledger.compare, "Changes on their way into the outbox", of=Entering)
@compared("entering")
def enters_everything_twice(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    first, second = (
        comparison.entering(occurred_at, folding=folding, removing=removing) for _ in range(2)
    )

    def part(_: Entering, claiming: Claiming | None = None) -> Entered | None:
        return first.part(claiming) or second.part(claiming)

    return cast("Entering", twin(first, "part", part))


@breaks(Ledger.compare, "`None` when all are there", of=Entering.part)
@parted
def stops_after_the_first_part(good: Entering) -> Part:
    first: list[Entered | None] = []

    def part(claiming: Claiming | None) -> Entered | None:
        if first:
            return None
        first.append(good.part(claiming))
        return first[0]

    return part


@breaks(Ledger.compare, "`None` when all are there", of=Entering.part)
@parted
def ends_with_an_empty_part(good: Entering) -> Part:
    ends = iter([Entered(receipt=EnqueueReceipt())])
    return lambda claiming: good.part(claiming) or next(ends, None)


@breaks(Ledger.compare, "as `Outbox.enqueue` does", of=Entering.part)
@parted
def counts_nothing_that_enters(good: Entering) -> Part:
    def part(claiming: Claiming | None) -> Entered | None:
        entered = good.part(claiming)
        return entered and replace(entered, receipt=EnqueueReceipt())

    return part


@breaks(Ledger.compare, "takes no more than those batches hold", of=Entering.part)
@parted
def takes_more_than_the_batches_hold(good: Entering) -> Part:
    return lambda _: good.part()


@breaks(Ledger.compare, "some of them may be claimed", of=Entering.part)
@compared("entering")
def makes_a_claim_up(
    comparison: Comparison, occurred_at: datetime, *, folding: bool, removing: bool
) -> Entering:
    good = comparison.entering(occurred_at, folding=folding, removing=removing)
    made_up = [
        Batch(
            id=BatchId(10**6),
            connection=change.scope.connection,
            messages=[Message(MessageId(10**6), change, 1, occurred_at)],
        )
        for change in list(comparison.changes(occurred_at))[:1]
    ]

    def part(_: Entering, claiming: Claiming | None = None) -> Entered | None:
        entered = good.part(claiming)
        return entered and replace(entered, batches=[*entered.batches, *made_up])

    return cast("Entering", twin(good, "part", part))

"""What every outbox promises a runner that settles too late."""

from datetime import timedelta

from petiole.core.domain.message import BatchId, MessageState
from petiole.core.domain.settlement import (
    Retry,
    Settlement,
)
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import MOMENT, change, person, scope
from petiole.testing.contracts.runs import (
    LEASE,
    NEWSLETTER,
    ONE_CALL,
    buried,
    claim,
    settle,
    settlement,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

HOUR = timedelta(hours=1)


class FenceContract:
    """`Outbox.settle` of batches that are not ours any more."""

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_settled_batch_is_not_ours_any_more(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        settle(store, batch)

        lost = settle(store, batch, buried())

        assert lost == [batch.id]
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DELIVERED] == 1

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_batch_named_twice_is_settled_once(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        once = settlement(batch)

        lost = store.outbox.settle([once, once])

        assert list(lost) == [batch.id]
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DELIVERED] == 1

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_batch_that_never_was_is_not_ours(self, store: Store) -> None:
        unknown = BatchId(4711)

        lost = store.outbox.settle([Settlement(unknown, 1, {}, ONE_CALL)])

        assert list(lost) == [unknown]

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_batch_that_another_took_over_is_not_ours(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        stand.clock.advance(LEASE)
        other = stand.open()
        [taken] = claim(other)

        assert settle(store, batch, buried()) == [batch.id]
        assert settle(other, taken) == []
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DELIVERED] == 1

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_batch_that_its_own_runner_took_anew_is_settled_by_the_last_claim_only(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [first] = claim(store)
        stand.clock.advance(LEASE)
        [second] = claim(store)

        assert settle(store, first, buried()) == [first.id]
        assert settle(store, second) == []
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DELIVERED] == 1

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_runner_that_was_asleep_beyond_its_lease_records_nothing_at_all(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [asleep] = claim(store)
        stand.clock.advance(LEASE)
        other = stand.open()
        [taken] = claim(other)
        settle(other, taken, Retry(stand.clock.now(), "503", "down"))
        [again] = claim(other)

        assert settle(store, asleep) == [asleep.id]

        assert not store.ledger.holds(scope(), person(1))
        assert store.bookkeeping.calls([NEWSLETTER], MOMENT) == 1
        assert settle(other, again) == []

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_other_batches_are_settled_beside_a_lost_one(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [slow] = claim(store)
        stand.clock.advance(LEASE)
        claim(stand.open())
        store.outbox.enqueue([change(2)], folding=True)
        [quick] = claim(store)

        lost = store.outbox.settle([settlement(slow), settlement(quick)])

        assert list(lost) == [slow.id]
        assert store.ledger.holds(scope(), person(2))
        assert not store.ledger.holds(scope(), person(1))

    @keeps(Outbox.settle, "claimed anew meanwhile, in a later epoch")
    def test_batch_is_ours_until_another_takes_it(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        stand.clock.advance(LEASE)

        assert settle(store, batch) == []

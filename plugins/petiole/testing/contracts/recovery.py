"""What every outbox promises about batches that a runner left behind."""

from datetime import timedelta

import pytest

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import Batch, MessageState
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change
from petiole.testing.contracts.runs import (
    ALL,
    LEASE,
    MINUTE,
    NEWSLETTER,
    THREES,
    claim,
    deliver_everything,
    fill,
    numbers,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

UPDATE = ChangeKind.UPDATE
JUMPS = [timedelta(hours=hours) for hours in (2, -2, 87_660, -87_660)]
"""Two hours, and ten years."""


class RecoveryContract:
    """`Outbox.claim` where another runner left batches behind."""

    @keeps(Outbox.claim, "their runner known to be dead")
    def test_batch_of_a_dead_runner_is_recovered_at_once(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 3)
        [lost] = claim(store)
        stand.kill(store)

        [found] = claim(stand.open())

        assert found.recovered
        assert (found.id, numbers(found)) == (lost.id, [1, 2, 3])

    @keeps(Outbox.claim, "lease over")
    def test_batch_whose_lease_is_over_is_recovered(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 3)
        [slow] = claim(store)
        stand.clock.advance(LEASE)

        [found] = claim(stand.open())

        assert (found.id, found.recovered) == (slow.id, True)

    @keeps(Outbox.claim, "or the lease ends")
    def test_batch_is_left_alone_until_its_lease_is_over(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 3)
        claim(store)
        stand.clock.advance(LEASE - MINUTE)

        assert list(claim(stand.open())) == []

    @keeps(Outbox.claim, "lease over")
    def test_runner_recovers_its_own_batch_once_the_lease_is_over(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 3)
        [slow] = claim(store)
        stand.clock.advance(LEASE)

        [found] = claim(store)

        assert (found.id, found.recovered, numbers(found)) == (slow.id, True, [1, 2, 3])

    @keeps(Outbox.claim, "in a new epoch")
    def test_epochs_of_a_batch_ascend_with_each_claim(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 3)
        batches: list[Batch] = []

        for _ in range(3):
            batches += claim(stand.open())
            stand.clock.advance(LEASE)

        assert len({batch.id for batch in batches}) == 1
        first, second, third = (batch.epoch for batch in batches)
        assert first < second < third

    @keeps(Outbox.claim, "whatever the time of day does meanwhile")
    @pytest.mark.parametrize("jump", JUMPS, ids=str)
    def test_time_of_day_ends_no_lease(
        self, stand: StoreStand, store: Store, jump: timedelta
    ) -> None:
        fill(store, 1, 3)
        claim(store)

        stand.clock.jump(jump)

        assert list(claim(stand.open())) == []
        assert store.outbox.backlog(NEWSLETTER, ALL).abandoned == 0

    @keeps(Outbox.claim, "whatever the time of day does meanwhile")
    @pytest.mark.parametrize("jump", JUMPS, ids=str)
    def test_lease_ends_in_its_time_whatever_the_time_of_day_does(
        self, stand: StoreStand, store: Store, jump: timedelta
    ) -> None:
        fill(store, 1, 3)
        claim(store)

        stand.clock.jump(jump)
        stand.clock.advance(LEASE)

        assert [batch.recovered for batch in claim(stand.open())] == [True]

    @keeps(Outbox.claim, "come first, whole and unchanged")
    def test_recovered_batch_comes_first_and_whole(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 5)
        claim(store, policy=BatchPolicy(max_profiles=5))
        stand.kill(store)
        other = stand.open()
        fill(other, 6, 9)

        batches = claim(other, policy=THREES, batches=2)

        assert [numbers(batch) for batch in batches] == [[1, 2, 3, 4, 5], [6, 7, 8]]
        assert [batch.recovered for batch in batches] == [True, False]

    @keeps(Outbox.claim, "Take up to `batches` batches")
    def test_no_more_is_recovered_than_asked_for(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 6)
        claim(store, policy=THREES, batches=2)
        stand.kill(store)
        other = stand.open()

        first = claim(other)

        assert [numbers(batch) for batch in first] == [[1, 2, 3]]
        assert other.outbox.backlog(NEWSLETTER, ALL).abandoned == 1

    @keeps(Outbox.claim, "A claim counts as an attempt")
    def test_recovery_is_the_next_attempt(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 1)
        claim(store)
        stand.kill(store)

        assert claim(stand.open())[0].messages[0].attempt == 2

    @keeps(Outbox.claim, "belong to the caller")
    def test_recovery_has_a_lease_of_its_own(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 1)
        claim(store)
        stand.clock.advance(LEASE)
        claim(stand.open())
        stand.clock.advance(LEASE - MINUTE)

        assert list(claim(stand.open())) == []

    @keeps(Outbox.claim, "whole and unchanged")
    def test_recovered_batch_is_not_partial(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 2)
        claim(store)
        stand.kill(store)

        assert [numbers(b) for b in claim(stand.open(), partial=False)] == [[1, 2]]

    @keeps(Outbox, "in the order in which they were enqueued")
    def test_recovered_change_still_goes_before_its_successors(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
        claim(store)
        stand.kill(store)

        sent = deliver_everything(stand.open())

        assert [message.change.kind for message in sent] == [ChangeKind.ADD, UPDATE]

    @keeps(Outbox, "the accounting identity holds")
    def test_sums_stay_as_they_are(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 2)
        claim(store)
        stand.kill(store)
        other = stand.open()

        claim(other)

        assert other.bookkeeping.tally(NEWSLETTER)[MessageState.IN_FLIGHT] == 2

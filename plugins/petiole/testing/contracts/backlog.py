"""What every outbox promises about telling what could be claimed."""

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.settlement import Retry
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, scope, weighing
from petiole.testing.contracts.runs import (
    ALL,
    LEASE,
    MINUTE,
    NEWSLETTER,
    THREES,
    claim,
    fill,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

UPDATE = ChangeKind.UPDATE


class BacklogContract:
    """`Outbox.backlog`."""

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_nothing_is_claimable_at_first(self, store: Store) -> None:
        assert store.outbox.backlog(NEWSLETTER, ALL) == Backlog()

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    @keeps(Outbox, "as UTF-8")
    def test_claimable_messages_and_their_weight_are_told(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([weighing(1, 100), change(2, fields={"city": "Köln"})], folding=True)

        backlog = store.outbox.backlog(NEWSLETTER, ALL)

        weight = 100 + len('{"city":"Köln"}'.encode())
        assert backlog == Backlog(
            claimable=2, weight_bytes=weight, oldest_enqueued_at=stand.clock.now()
        )

    @keeps(Outbox.backlog, "no further than one batch deep")
    def test_look_is_one_batch_deep(self, store: Store) -> None:
        fill(store, 1, 10)

        backlog = store.outbox.backlog(NEWSLETTER, THREES)

        assert (backlog.claimable, backlog.weight_bytes) == (3, 3 * len("{}"))

    @keeps(Outbox.backlog, "no further than one batch deep")
    def test_look_ends_where_the_weight_is_reached(self, store: Store) -> None:
        store.outbox.enqueue([weighing(number, 60) for number in range(1, 10)], folding=True)

        above = store.outbox.backlog(NEWSLETTER, BatchPolicy(max_bytes=100))
        exact = store.outbox.backlog(NEWSLETTER, BatchPolicy(max_bytes=120))

        assert (above.claimable, above.weight_bytes) == (2, 120)
        assert exact == above

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_age_is_that_of_the_oldest(self, stand: StoreStand, store: Store) -> None:
        began = stand.clock.now()
        fill(store, 1, 1)
        stand.clock.advance(MINUTE)
        fill(store, 2, 2)

        assert store.outbox.backlog(NEWSLETTER, ALL).oldest_enqueued_at == began

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    @keeps(Outbox, "what returned has survived a crash")
    def test_age_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        began = stand.clock.now()
        fill(store, 1, 37)
        stand.clock.advance(19 * MINUTE)
        stand.kill(store)

        assert stand.open().outbox.backlog(NEWSLETTER, ALL).oldest_enqueued_at == began

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_change_behind_another_is_not_claimable(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE), change(1, UPDATE)], folding=False)

        assert store.outbox.backlog(NEWSLETTER, ALL).claimable == 1

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_other_connections_do_not_count(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2, within=scope("welcome"))], folding=True)

        assert store.outbox.backlog(NEWSLETTER, ALL).claimable == 1

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_wait_for_a_later_try_is_told_until_it_is_over(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 2)
        [batch] = claim(store)
        due_at = stand.clock.now() + MINUTE
        settle(store, batch, Retry(due_at + MINUTE, "503", "down"), Retry(due_at, "503", "down"))

        waiting = store.outbox.backlog(NEWSLETTER, ALL)
        stand.clock.advance(MINUTE)
        over = store.outbox.backlog(NEWSLETTER, ALL)

        assert (waiting.claimable, waiting.next_due_at) == (0, due_at)
        assert (over.claimable, over.next_due_at) == (1, due_at + MINUTE)

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_age_of_what_waits_for_a_later_try_is_told(
        self, stand: StoreStand, store: Store
    ) -> None:
        began = stand.clock.now()
        soon = began + 10 * MINUTE
        fill(store, 1, 1)
        stand.clock.advance(MINUTE)
        fill(store, 2, 2)
        settle(store, claim(store)[0], Retry(soon + MINUTE, "503", "down"), Retry(soon, "", ""))

        waiting = store.outbox.backlog(NEWSLETTER, ALL)
        alone = store.outbox.backlog(NEWSLETTER, BatchPolicy(max_profiles=1))
        stand.clock.advance(20 * MINUTE)
        over = store.outbox.backlog(NEWSLETTER, ALL)

        assert (waiting.oldest_enqueued_at, waiting.oldest_waiting_at) == (None, began)
        assert alone.oldest_waiting_at == began + MINUTE
        assert (over.oldest_enqueued_at, over.oldest_waiting_at) == (began, None)

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_batches_in_flight_are_told_from_abandoned_ones(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 6)
        other = stand.open()
        claim(store, policy=THREES)
        claim(other, policy=THREES)

        before = store.outbox.backlog(NEWSLETTER, ALL)
        stand.kill(other)
        after = store.outbox.backlog(NEWSLETTER, ALL)

        assert (before.in_flight, before.abandoned) == (2, 0)
        assert (after.in_flight, after.abandoned) == (1, 1)

    @keeps(Outbox.backlog, "Tell what could be claimed now")
    def test_batch_is_abandoned_once_its_lease_is_over(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 1)
        claim(store)

        stand.clock.advance(LEASE)

        assert store.outbox.backlog(NEWSLETTER, ALL).abandoned == 1

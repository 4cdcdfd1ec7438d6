"""What every history promises, whole; and what about forgetting."""

from datetime import timedelta

from petiole.core.domain.dead_letter import Decision
from petiole.core.domain.life import Step
from petiole.core.domain.settlement import DELIVERED, Retry
from petiole.core.ports.history import History
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.life import (
    DEAD,
    UPDATE,
    LifeContract,
    life,
    record,
    steps,
)
from petiole.testing.contracts.runs import (
    DOUBT,
    MINUTE,
    NEWSLETTER,
    buried,
    claim,
    deliver,
    deliver_everything,
    end,
    fill,
    settle,
)
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand


class PruneContract:
    """`History.prune`."""

    @keeps(History.prune, "Tells how many were forgotten")
    def test_nothing_is_forgotten_where_nothing_is(self, stand: StoreStand, store: Store) -> None:
        assert store.history.prune(stand.clock.now(), limit=10) == 0

    @keeps(History.prune, "that were delivered, folded or erased")
    @keeps(History.prune, "With them goes what is kept")
    def test_old_messages_that_came_to_an_end_are_forgotten(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=True)
        deliver_everything(store)
        end(store, 2, buried())
        store.dead_letters.decide(DEAD, Decision.DISCARD, by="Noor")
        stand.clock.advance(MINUTE)

        assert store.history.prune(stand.clock.now(), limit=10) == 3

        assert life(store, 1) == life(store, 2) == []
        assert store.bookkeeping.audit(NEWSLETTER).enqueued == 0

    @keeps(History.prune, "before a moment")
    def test_young_messages_are_kept(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DELIVERED)
        stand.clock.advance(MINUTE)
        moment = stand.clock.now()
        end(store, 2, DELIVERED)

        assert store.history.prune(moment, limit=10) == 1

        assert life(store, 1) == []
        assert steps(store, 2) == [Step.ENQUEUED, Step.SENT, Step.DELIVERED]

    @keeps(History.prune, "messages that are open, parked or dead")
    def test_what_is_open_parked_or_dead_is_kept(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, buried())
        end(store, 2, DOUBT)
        end(store, 3, Retry(stand.clock.now() + MINUTE, "503", "down"))
        fill(store, 4, 4)
        claim(store)
        fill(store, 5, 5)
        before = [life(store, number) for number in range(1, 6)]
        stand.clock.advance(timedelta(days=400))

        assert store.history.prune(stand.clock.now(), limit=10) == 0

        assert [life(store, number) for number in range(1, 6)] == before

    @keeps(History.prune, "Forget up to `limit` messages")
    @keeps(History.prune, "fewer than `limit` if there are no more")
    def test_no_more_is_forgotten_than_asked_for(self, stand: StoreStand, store: Store) -> None:
        deliver(store, *(change(number) for number in range(1, 6)))
        stand.clock.advance(MINUTE)

        forgotten = [store.history.prune(stand.clock.now(), limit=2) for _ in range(4)]

        assert forgotten == [2, 2, 1, 0]

    @keeps(History.prune, "Sums and ledger stay as they are")
    def test_sums_and_ledger_stay_as_they_are(self, stand: StoreStand, store: Store) -> None:
        deliver(store, change(1))
        before = store.bookkeeping.tally(NEWSLETTER)
        stand.clock.advance(MINUTE)

        store.history.prune(stand.clock.now(), limit=10)

        assert store.bookkeeping.tally(NEWSLETTER) == before
        assert store.ledger.holds(scope(), person(1))

    @keeps(History.prune, "Forget up to `limit` messages")
    def test_ids_are_never_used_twice(self, stand: StoreStand, store: Store) -> None:
        first = end(store, 1, DELIVERED)
        stand.clock.advance(MINUTE)
        store.history.prune(stand.clock.now(), limit=10)

        assert end(store, 2, DELIVERED) > first

    @keeps(History.prune, "With them goes what is kept of their attempts")
    def test_batch_lives_on_for_the_messages_that_are_kept(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 2)
        [batch] = claim(store)
        settle(store, batch, DELIVERED, buried(), record=record(stand))
        before = life(store, 2)
        stand.clock.advance(MINUTE)

        store.history.prune(stand.clock.now(), limit=10)

        assert life(store, 2) == before


class HistoryContract(LifeContract, PruneContract, StoreContract):
    """`ports.history`: override `stand`."""

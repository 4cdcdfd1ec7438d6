"""What every outbox promises about recording what became of messages."""

from datetime import timedelta

import pytest

from petiole.core.domain.backoff import LONGEST_WAIT
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import (
    DELIVERED,
    Bury,
    Defer,
    Park,
    Retry,
    Settlement,
    Verdict,
)
from petiole.core.errors import OutboxError
from petiole.core.ports.ledger import Ledger
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, person, scope, snapshot
from petiole.testing.contracts.runs import (
    ALL,
    MINUTE,
    NEWSLETTER,
    ONE_CALL,
    buried,
    claim,
    deliver_everything,
    settle,
    settlement,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
HOUR = timedelta(hours=1)


class SettleContract:
    """`Outbox.settle`."""

    @keeps(Outbox.settle, "in the ledger from the same moment on")
    def test_delivered_profile_is_in_the_ledger(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=True)
        [batch] = claim(store)
        assert not store.ledger.holds(scope(), person(1))

        settle(store, batch, DELIVERED, buried())

        assert store.ledger.holds(scope(), person(1))
        assert not store.ledger.holds(scope(), person(2))

    @keeps(Outbox.settle, "in the ledger from the same moment on")
    def test_removed_profile_leaves_the_ledger(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, REMOVE)], folding=False)

        deliver_everything(store)

        assert not store.ledger.holds(scope(), person(1))

    @keeps(Outbox.settle, "Record the verdicts")
    @keeps(Outbox, "the accounting identity holds")
    def test_each_message_gets_its_own_verdict(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(number) for number in range(1, 6)], folding=True)
        [batch] = claim(store)
        later = stand.clock.now() + MINUTE

        lost = settle(
            store,
            batch,
            DELIVERED,
            Retry(later, "503", "down"),
            Defer(later, "not yet"),
            Park("timeout", "no answer"),
            buried(),
        )

        tally = store.bookkeeping.tally(NEWSLETTER)
        assert lost == []
        assert dict(tally.states) == {
            MessageState.DELIVERED: 1,
            MessageState.PENDING: 2,
            MessageState.PARKED: 1,
            MessageState.DEAD: 1,
        }
        assert tally == store.bookkeeping.audit(NEWSLETTER)

    @keeps(Outbox.settle, "Record the verdicts")
    def test_batches_are_settled_together(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2, within=scope("welcome"))], folding=True)
        batches = [*claim(store), *claim(store, "welcome")]

        store.outbox.settle([settlement(batch) for batch in batches])

        assert store.ledger.holds(scope(), person(1))
        assert store.ledger.holds(scope("welcome"), person(2))

    @keeps(Outbox.settle, "lets the next change of its profile become claimable")
    @pytest.mark.parametrize("verdict", [DELIVERED, buried()])
    def test_next_change_of_the_profile_becomes_claimable(
        self, store: Store, verdict: Verdict
    ) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
        [batch] = claim(store)

        settle(store, batch, verdict)

        assert store.outbox.backlog(NEWSLETTER, ALL).claimable == 1
        assert [m.change for m in deliver_everything(store)] == [change(1, UPDATE)]

    @keeps(Outbox.settle, "a parked one keeps its profile waiting")
    def test_parked_change_keeps_its_profile_waiting(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
        [batch] = claim(store)

        settle(store, batch, Park("timeout", "no answer"))

        assert list(claim(store)) == []

    @keeps(Outbox.settle, "so does a buried one that holds")
    def test_buried_change_that_holds_keeps_its_profile_waiting(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE), change(2)], folding=False)
        [batch] = claim(store)

        settle(store, batch, Bury("105", "unknown field", holds=True))

        assert list(claim(store)) == []
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DEAD] == 2

    @keeps(Ledger.compare, "a dead one counts as nothing")
    def test_buried_change_that_holds_counts_as_nothing_in_a_comparison(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1})], folding=False)
        settle(store, claim(store)[0], Bury("105", "unknown field", holds=True))

        with store.ledger.compare(scope(), snapshot((1, {"a": 1})), mirror=False) as comparison:
            assert comparison.difference().added == 1

    @keeps(Outbox.settle, "so does a buried one that holds")
    def test_held_profile_still_takes_changes(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        settle(store, claim(store)[0], Bury("105", "unknown field", holds=True))

        store.outbox.enqueue([change(1, UPDATE), change(1, UPDATE)], folding=True)

        tally = store.bookkeeping.tally(NEWSLETTER)
        assert (tally[MessageState.PENDING], tally[MessageState.FOLDED]) == (1, 1)
        assert list(claim(store)) == []

    @keeps(Outbox.settle, "Record the verdicts")
    def test_moment_that_no_wait_can_reach_is_not_waited_for(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=True)
        [batch] = claim(store)
        soon = stand.clock.now() + MINUTE
        settle(store, batch, Retry(soon, "503", "down"), Defer(soon, "quota"))

        stand.clock.jump(-LONGEST_WAIT)

        assert store.outbox.backlog(NEWSLETTER, ALL).claimable == 2
        assert [m.change for m in deliver_everything(store)] == [change(1), change(2)]

    @keeps(Outbox.settle, "Record the verdicts")
    def test_wait_goes_on_where_the_clock_was_set_back_a_little(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        due_at = stand.clock.now() + MINUTE
        settle(store, batch, Retry(due_at, "503", "down"))

        stand.clock.jump(-2 * HOUR)

        assert list(claim(store)) == []
        assert store.outbox.backlog(NEWSLETTER, ALL).next_due_at == due_at

    @keeps(Outbox, "in the order in which they were enqueued")
    def test_change_that_is_tried_again_keeps_its_place(
        self, stand: StoreStand, store: Store
    ) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
        [batch] = claim(store)
        settle(store, batch, Retry(stand.clock.now() + MINUTE, "503", "down"))

        assert list(claim(store)) == []
        stand.clock.advance(MINUTE)

        assert [m.change.kind for m in deliver_everything(store)] == [ADD, UPDATE]

    @keeps(Outbox.settle, "Record the verdicts")
    def test_retry_waits_until_it_is_due(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        settle(store, batch, Retry(stand.clock.now() + MINUTE, "503", "down"))
        stand.clock.advance(MINUTE - timedelta(microseconds=1))

        assert list(claim(store)) == []
        stand.clock.advance(timedelta(microseconds=1))

        assert [message.attempt for message in claim(store)[0].messages] == [2]

    @keeps(Outbox, "what returned has survived a crash")
    def test_wait_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        due_at = stand.clock.now() + MINUTE
        settle(store, batch, Retry(due_at, "503", "down"))
        stand.kill(store)

        assert stand.open().outbox.backlog(NEWSLETTER, ALL).next_due_at == due_at

    @keeps(Outbox.settle, "Deferring gives the attempt back")
    def test_deferring_gives_the_attempt_back(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)

        settle(store, batch, Defer(stand.clock.now() + MINUTE, "quota"))

        assert list(claim(store)) == []
        stand.clock.advance(MINUTE)
        assert [message.attempt for message in claim(store)[0].messages] == [1]

    @keeps(Outbox.settle, "Deferring gives the attempt back")
    def test_deferred_without_a_moment_is_claimable_at_once(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=True)
        [batch] = claim(store)

        settle(store, batch, Defer(None, "slow down"))

        assert [m.change for m in deliver_everything(store)] == [change(1), change(2)]

    @keeps(Outbox.settle, "do not name exactly its messages")
    def test_verdicts_must_name_every_message_and_no_other(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=True)
        [batch] = claim(store)
        one = Settlement(batch.id, batch.epoch, {batch.messages[0].id: DELIVERED}, ONE_CALL)

        with pytest.raises(OutboxError, match="exactly"):
            store.outbox.settle([one])

        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.IN_FLIGHT] == 2
        assert settle(store, batch) == []

    @keeps(Outbox, "Each call is one transaction")
    @keeps(Outbox.settle, "nothing at all was recorded")
    def test_call_happens_whole_or_not_at_all(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2, within=scope("welcome"))], folding=True)
        [good], [bad] = claim(store), claim(store, "welcome")

        with pytest.raises(OutboxError):
            store.outbox.settle([settlement(good), Settlement(bad.id, bad.epoch, {}, ONE_CALL)])

        assert not store.ledger.holds(scope(), person(1))
        assert settle(store, good) == []

    @keeps(Outbox, "what returned has survived a crash")
    def test_what_was_settled_survives_its_runner(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        settle(store, batch)
        stand.kill(store)

        other = stand.open()

        assert other.ledger.holds(scope(), person(1))
        assert list(claim(other)) == []

"""What every ledger promises about changes that are claimed while they enter."""

from collections.abc import Mapping

import pytest

from petiole.core.domain.batching import BatchPolicy, Claiming
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageState
from petiole.core.ports.ledger import Entering
from petiole.testing.changes import MOMENT, change, person, scope, snapshot
from petiole.testing.contracts.entering import (
    SIX,
    THREE,
    batches_of,
    deliver_all,
    enter,
    everybody,
    parts,
    receipt_of,
)
from petiole.testing.contracts.runs import (
    LEASE,
    NEWSLETTER,
    claim,
    deliver,
    numbers,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

UPDATE, REMOVE = ChangeKind.UPDATE, ChangeKind.REMOVE
IN_FLIGHT = MessageState.IN_FLIGHT
HEAVY: Mapping[str, JsonValue] = {"note": "x" * 80}
EACH_ALONE = Claiming(policy=BatchPolicy(max_bytes=100), batches=3, lease=LEASE)
"""A batch holds one of the `HEAVY`."""


class ClaimedPartContract:
    """`Entering.part` where it may claim."""

    @keeps(Entering.part, "takes no more than those batches hold")
    @pytest.mark.parametrize(("claiming", "most"), [(THREE, 3), (SIX, 6)], ids=["three", "six"])
    def test_part_is_no_more_than_the_batches_hold(
        self, store: Store, claiming: Claiming, most: int
    ) -> None:
        deliver(store, *(change(number) for number in range(21, 29)))

        entered = enter(store, *everybody(1, 8), claiming=claiming, mirror=True)

        assert max(part.receipt.enqueued for part in entered) <= most
        assert receipt_of(entered).enqueued == 16

    @keeps(Entering.part, "some of them may be claimed")
    def test_claimed_batches_hold_what_entered_with_them(self, store: Store) -> None:
        profiles = snapshot(*everybody(1, 8))

        with store.ledger.compare(scope(), profiles, mirror=False) as comparison:
            left = list(comparison.changes(MOMENT))
            entering = comparison.entering(MOMENT, folding=True, removing=True)
            flying = 0
            for entered in parts(store, entering, SIX):
                number = entered.receipt.enqueued
                part, left = left[:number], left[number:]
                held = [m.change for batch in entered.batches for m in batch.messages]
                assert held == part[: len(held)]
                assert len(entered.batches) <= SIX.batches
                assert all(1 <= len(batch.messages) <= 3 for batch in entered.batches)
                flying += len(held)
                assert store.bookkeeping.tally(NEWSLETTER)[IN_FLIGHT] == flying

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_claimed_batch_is_new(self, store: Store) -> None:
        entered = enter(store, *everybody(1, 8), claiming=SIX)

        batches = batches_of(entered)
        assert all(
            (batch.connection, batch.epoch, batch.recovered) == (NEWSLETTER, 1, False)
            for batch in batches
        )
        assert {message.attempt for batch in batches for message in batch.messages} <= {1}
        assert len({batch.id for batch in batches}) == len(batches)
        ids = [message.id for batch in batches for message in batch.messages]
        assert ids == sorted(set(ids))

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_claimed_messages_are_not_claimed_again(self, store: Store) -> None:
        entered = enter(store, *everybody(1, 8), claiming=SIX)

        left = [number for batch in claim(store, batches=9) for number in numbers(batch)]

        flying = [number for batch in batches_of(entered) for number in numbers(batch)]
        assert sorted(flying + left) == list(range(1, 9))

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_claimed_batches_are_settled_like_any(self, store: Store) -> None:
        entered = enter(store, *everybody(1, 8), claiming=SIX)
        batches = batches_of(entered)

        lost = [id_ for batch in batches for id_ in settle(store, batch)]

        settled = sum(len(batch.messages) for batch in batches)
        assert lost == []
        assert store.ledger.count(scope()) == settled
        assert store.bookkeeping.tally(NEWSLETTER) == store.bookkeeping.audit(NEWSLETTER)
        assert store.bookkeeping.tally(NEWSLETTER).waiting == 8 - settled

    @keeps(Entering.part, "some of them may be claimed")
    def test_whoever_stands_in_line_is_not_claimed(self, store: Store) -> None:
        waiting = [change(number, REMOVE) for number in (1, 2, 3, 5)]
        store.outbox.enqueue(waiting, folding=False)

        entered = enter(store, *everybody(1, 6), claiming=SIX, folding=False)

        flying = {number for batch in batches_of(entered) for number in numbers(batch)}
        assert flying <= {4, 6}
        assert all(batch.messages for batch in batches_of(entered))
        assert [m.change.kind for m in deliver_all(store, entered)].count(REMOVE) == 4

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_heavy_ones_share_no_batch(self, store: Store) -> None:
        heavy = [(number, HEAVY) for number in (1, 2, 3)]

        entered = enter(store, *heavy, claiming=EACH_ALONE)

        batches = batches_of(entered)
        batches += claim(store, policy=EACH_ALONE.policy, batches=9)
        assert [numbers(batch) for batch in batches] == [[1], [2], [3]]

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_claimed_batches_of_a_dead_runner_are_recovered(
        self, stand: StoreStand, store: Store
    ) -> None:
        lost = batches_of(enter(store, *everybody(1, 8), claiming=SIX))
        stand.kill(store)
        heir = stand.open()

        found = claim(heir, policy=SIX.policy, batches=len(lost)) if lost else []

        assert [batch.id for batch in found] == [batch.id for batch in lost]
        assert [numbers(batch) for batch in found] == [numbers(batch) for batch in lost]
        assert {(batch.recovered, batch.epoch) for batch in found} <= {(True, 2)}
        assert {message.attempt for batch in found for message in batch.messages} <= {2}

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_claimed_batches_are_recovered_once_the_lease_is_over(
        self, stand: StoreStand, store: Store
    ) -> None:
        slow = batches_of(enter(store, *everybody(1, 5), claiming=SIX))
        other = stand.open()
        early = [batch.id for batch in claim(other, batches=9) if batch.recovered]

        stand.clock.advance(LEASE)
        late = {batch.id for batch in claim(other, batches=9) if batch.recovered}

        assert early == []
        assert {batch.id for batch in slow} <= late
        assert [settle(store, batch) for batch in slow] == [[batch.id] for batch in slow]

    @keeps(Entering.part, "as `Outbox.claim` does it with `partial`")
    def test_life_of_a_claimed_change_is_that_of_any(self, store: Store) -> None:
        entered = enter(store, (1, HEAVY), claiming=SIX)
        deliver_all(store, entered)

        life = store.history.life(scope().account, NEWSLETTER, person(1))

        assert [told.step for told in life] == [Step.ENQUEUED, Step.SENT, Step.DELIVERED]

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    @pytest.mark.parametrize("folding", [True, False], ids=["folding", "in line"])
    def test_what_others_enqueue_between_two_parts_goes_first(
        self, stand: StoreStand, store: Store, *, folding: bool
    ) -> None:
        deliver(store, change(5, fields={"n": 0}))
        other = stand.open()

        with store.ledger.compare(scope(), snapshot(*everybody(1, 6)), mirror=False) as comparison:
            entering = comparison.entering(MOMENT, folding=folding, removing=True)
            entered = [entering.part(THREE)]
            other.outbox.enqueue([change(5, UPDATE, {"vip": True})], folding=True)
            entered += parts(store, entering, THREE)

        taken = [part for part in entered if part]
        assert receipt_of(taken).folded == folding
        assert all(5 not in numbers(batch) for batch in batches_of(taken))
        fields = [
            message.change.fields
            for message in deliver_all(store, taken)
            if message.change.identifier == person(5)
        ]
        both = [Fields.of({"n": 5, "vip": True})]
        assert fields == (both if folding else [Fields.of({"vip": True}), Fields.of({"n": 5})])
        assert store.ledger.count(scope()) == 6

"""What every outbox promises about handing messages out."""

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import Park
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, scope, weighing
from petiole.testing.contracts.runs import (
    NEWSLETTER,
    THREES,
    WELCOME,
    claim,
    deliver_everything,
    fill,
    numbers,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

UPDATE = ChangeKind.UPDATE


class ClaimContract:
    """`Outbox.claim`."""

    @keeps(Outbox.claim, "Take up to `batches` batches")
    def test_nothing_is_claimed_where_nothing_is(self, store: Store) -> None:
        assert list(claim(store, batches=3)) == []

    @keeps(Outbox.claim, "of the oldest claimable messages")
    @keeps(Outbox.claim, "Each keeps within the policy's limits")
    def test_oldest_come_first_in_batches_within_the_limit(self, store: Store) -> None:
        fill(store, 1, 8)

        batches = claim(store, policy=THREES, batches=2)

        assert [numbers(batch) for batch in batches] == [[1, 2, 3], [4, 5, 6]]

    @keeps(Outbox.claim, "of the oldest claimable messages")
    def test_ids_ascend_in_enqueue_order(self, store: Store) -> None:
        fill(store, 1, 5)

        ids = [message.id for message in claim(store)[0].messages]

        assert ids == sorted(set(ids))

    @keeps(Outbox.claim, "marked as recovered")
    def test_batch_tells_its_connection_and_that_it_is_new(self, store: Store) -> None:
        fill(store, 1, 1)

        [batch] = claim(store)

        assert (batch.connection, batch.recovered) == (NEWSLETTER, False)

    @keeps(Outbox.claim, "Each keeps within the policy's limits")
    def test_weight_limits_a_batch(self, store: Store) -> None:
        store.outbox.enqueue([weighing(number, 40) for number in (1, 2, 3)], folding=True)

        batches = claim(store, policy=BatchPolicy(max_bytes=100), batches=5)

        assert [numbers(batch) for batch in batches] == [[1, 2], [3]]

    @keeps(Outbox.claim, "A single message heavier than the limit")
    def test_message_that_is_too_heavy_goes_alone(self, store: Store) -> None:
        changes = [change(1), weighing(2, 500), change(3)]
        store.outbox.enqueue(changes, folding=True)

        batches = claim(store, policy=BatchPolicy(max_bytes=100), batches=5)

        assert [numbers(batch) for batch in batches] == [[1], [2], [3]]

    @keeps(Outbox.claim, "Without `partial`")
    def test_rest_waits_for_more_unless_partial_batches_are_asked_for(self, store: Store) -> None:
        fill(store, 1, 8)

        batches = claim(store, policy=THREES, batches=5, partial=False)

        assert [numbers(batch) for batch in batches] == [[1, 2, 3], [4, 5, 6]]
        assert [numbers(batch) for batch in claim(store, policy=THREES)] == [[7, 8]]

    @keeps(Outbox.claim, "by number or by weight")
    def test_batch_is_full_by_weight(self, store: Store) -> None:
        store.outbox.enqueue([weighing(number, 50) for number in (1, 2, 3)], folding=True)

        batches = claim(store, policy=BatchPolicy(max_bytes=100), batches=5, partial=False)

        assert [numbers(batch) for batch in batches] == [[1, 2]]

    @keeps(Outbox.claim, "by number or by weight")
    def test_last_message_may_fill_a_batch_to_the_byte(self, store: Store) -> None:
        store.outbox.enqueue([weighing(number, 50) for number in (1, 2)], folding=True)

        batches = claim(store, policy=BatchPolicy(max_bytes=100), partial=False)

        assert [numbers(batch) for batch in batches] == [[1, 2]]

    @keeps(Outbox.claim, "by number or by weight")
    def test_batch_is_full_when_the_next_does_not_fit(self, store: Store) -> None:
        store.outbox.enqueue([weighing(number, 60) for number in (1, 2)], folding=True)

        batches = claim(store, policy=BatchPolicy(max_bytes=100), batches=1, partial=False)

        assert [numbers(batch) for batch in batches] == [[1]]

    @keeps(Outbox.claim, "belong to the caller until they are settled")
    def test_claimed_messages_are_not_claimed_again(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 2)
        claim(store)

        assert list(claim(store)) == []
        assert list(claim(stand.open())) == []

    @keeps(Outbox, "the accounting identity holds")
    def test_claim_moves_the_sums(self, store: Store) -> None:
        fill(store, 1, 5)
        claim(store, policy=THREES)

        tally = store.bookkeeping.tally(NEWSLETTER)

        assert (tally[MessageState.PENDING], tally[MessageState.IN_FLIGHT]) == (2, 3)
        assert tally.balanced

    @keeps(Outbox.claim, "of the oldest claimable messages")
    def test_other_connections_are_left_alone(self, store: Store) -> None:
        store.outbox.enqueue([change(1, within=scope("welcome"))], folding=True)

        assert list(claim(store)) == []

    @keeps(Outbox.claim, "of the oldest claimable messages")
    def test_messages_of_another_connection_may_stand_between(self, store: Store) -> None:
        changes = [change(1), change(2, within=scope("welcome")), change(3), change(4)]
        store.outbox.enqueue(changes, folding=True)

        [ours], [theirs] = claim(store), claim(store, WELCOME)

        assert [message.change for message in ours.messages] == [changes[0], *changes[2:]]
        assert [message.change for message in theirs.messages] == [changes[1]]
        assert list(claim(store)) == []

    @keeps(Outbox.claim, "A claim counts as an attempt")
    def test_first_claim_is_the_first_attempt(self, store: Store) -> None:
        fill(store, 1, 1)

        assert claim(store)[0].messages[0].attempt == 1

    @keeps(Outbox, "never two at a time")
    def test_profile_has_one_change_in_flight_at_most(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE), change(2)], folding=False)

        batches = claim(store, policy=THREES, batches=5)

        assert [numbers(batch) for batch in batches] == [[1, 2]]

    @keeps(Outbox, "across all connections of that account")
    def test_order_holds_across_the_connections_of_an_account(self, store: Store) -> None:
        changes = [change(1), change(1, UPDATE, within=scope("welcome")), change(1, UPDATE)]
        store.outbox.enqueue(changes, folding=True)

        assert list(claim(store, WELCOME)) == []
        settle(store, claim(store)[0])
        assert list(claim(store)) == []
        settle(store, claim(store, WELCOME)[0])
        assert [message.change for message in claim(store)[0].messages] == [changes[2]]

    @keeps(Outbox, "Changes of one profile on one account")
    def test_accounts_do_not_wait_for_each_other(self, store: Store) -> None:
        partner = scope("partner", account="partner")
        store.outbox.enqueue([change(1), change(1, within=partner)], folding=True)
        claim(store)

        assert [numbers(batch) for batch in claim(store, "partner")] == [[1]]

    @keeps(Outbox, "profiles never wait for each other")
    def test_profiles_do_not_wait_for_each_other(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
        [batch] = claim(store)
        settle(store, batch, Park("timeout", "no answer"))

        fill(store, 2, 3)

        assert [numbers(batch) for batch in claim(store)] == [[2, 3]]

    @keeps(Outbox, "in the order in which they were enqueued")
    def test_many_changes_of_one_profile_keep_their_order(self, store: Store) -> None:
        changes = [change(1, UPDATE, {"n": number}) for number in range(30)]
        store.outbox.enqueue(changes[:20], folding=False)
        store.outbox.enqueue(changes[20:], folding=False)

        assert [message.change for message in deliver_everything(store)] == changes

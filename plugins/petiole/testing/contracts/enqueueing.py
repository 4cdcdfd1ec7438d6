"""What every outbox promises about taking changes and combining them."""

from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import Defer, Park, Retry
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, scope, weighing
from petiole.testing.contracts.runs import (
    ALL,
    MINUTE,
    NEWSLETTER,
    claim,
    deliver_everything,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
OTHER_SEGMENT = scope(segment="4712")
OTHER_CONNECTION = scope("welcome")


def left_over(store: Store, connection: str = NEWSLETTER) -> list[ProfileChange]:
    """Everything that is claimed and delivered from now on, in order."""
    return [message.change for message in deliver_everything(store, connection)]


class EnqueueContract:
    """`Outbox.enqueue`."""

    @keeps(Outbox, "Keeps every change until it is settled")
    def test_change_comes_out_as_it_went_in(self, store: Store) -> None:
        sent = change(1, fields={"city": "Köln", "points": 3, "tags": ["a", None]}, id_="crm-7")

        store.outbox.enqueue([sent], folding=True)

        assert left_over(store) == [sent]

    @keeps(Outbox.enqueue, "Take changes")
    def test_receipt_counts_what_was_taken(self, store: Store) -> None:
        changes = [change(1, id_="a"), change(2, id_="b"), change(2, UPDATE), change(3, id_="a")]

        receipt = store.outbox.enqueue(changes, folding=True)

        assert receipt == EnqueueReceipt(enqueued=3, folded=1, repeated=1)

    @keeps(Outbox.enqueue, "Take changes")
    def test_nothing_is_taken_from_an_empty_list(self, store: Store) -> None:
        assert store.outbox.enqueue([], folding=True) == EnqueueReceipt()

    @keeps(Outbox, "what returned has survived a crash")
    def test_what_was_enqueued_survives_its_runner(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=False)

        stand.kill(store)

        assert left_over(stand.open()) == [change(1), change(2)]

    @keeps(Outbox.enqueue, "seen before is not taken again")
    def test_id_is_taken_once_within_a_call(self, store: Store) -> None:
        store.outbox.enqueue([change(1, id_="a"), change(2, id_="a")], folding=False)

        assert left_over(store) == [change(1, id_="a")]

    @keeps(Outbox.enqueue, "seen before is not taken again")
    def test_one_change_that_is_handed_in_twice_is_taken_once(self, store: Store) -> None:
        one = change(1, id_="a")

        receipt = store.outbox.enqueue([one, one], folding=False)

        assert receipt == EnqueueReceipt(enqueued=1, repeated=1)

    @keeps(Outbox.enqueue, "seen before is not taken again")
    def test_id_is_taken_once_for_ever(self, store: Store) -> None:
        store.outbox.enqueue([change(1, id_="a"), change(1, UPDATE, id_="b")], folding=True)
        left_over(store)

        receipt = store.outbox.enqueue([change(1, id_="a"), change(1, id_="b")], folding=True)

        assert receipt == EnqueueReceipt(repeated=2)
        assert left_over(store) == []

    @keeps(Outbox.enqueue, "`id` its connection has seen")
    def test_each_connection_has_ids_of_its_own(self, store: Store) -> None:
        store.outbox.enqueue([change(1, id_="a")], folding=True)

        receipt = store.outbox.enqueue([change(1, within=OTHER_CONNECTION, id_="a")], folding=True)

        assert receipt == EnqueueReceipt(enqueued=1)

    @keeps(Outbox.enqueue, "seen before is not taken again")
    def test_changes_without_id_all_count(self, store: Store) -> None:
        store.outbox.enqueue([change(1, UPDATE)], folding=False)
        store.outbox.enqueue([change(1, UPDATE)], folding=False)

        assert left_over(store) == [change(1, UPDATE), change(1, UPDATE)]

    @keeps(Outbox, "the accounting identity holds")
    def test_sums_are_kept_per_connection(self, store: Store) -> None:
        store.outbox.enqueue(
            [change(1), change(2), change(1, within=OTHER_CONNECTION)], folding=True
        )

        tally = store.bookkeeping.tally(NEWSLETTER)

        assert (tally.enqueued, tally[MessageState.PENDING]) == (2, 2)
        assert store.bookkeeping.tally(ConnectionName("welcome")).enqueued == 1


class FoldContract:
    """`Outbox.enqueue` with folding."""

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_pending_changes_of_a_profile_become_one(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1, "b": 1})], folding=True)

        store.outbox.enqueue(
            [change(1, UPDATE, {"b": 2}), change(1, UPDATE, {"c": 3})], folding=True
        )

        [only] = left_over(store)
        assert (only.kind, only.fields.values()) == (ADD, {"a": 1, "b": 2, "c": 3})

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_changes_of_one_call_become_one(self, store: Store) -> None:
        store.outbox.enqueue(
            [change(1, fields={"a": 1}), change(2), change(1, UPDATE, {"a": 2})], folding=True
        )

        assert [c.fields.values() for c in left_over(store)] == [{"a": 2}, {}]

    @keeps(Outbox.enqueue, "With `folding`")
    @keeps(Outbox.enqueue, "Take changes, in order")
    def test_without_folding_every_change_is_sent(self, store: Store) -> None:
        changes = [change(1), change(1, UPDATE, {"a": 1}), change(1, REMOVE)]

        store.outbox.enqueue(changes, folding=False)

        assert left_over(store) == changes

    @keeps(Outbox, "the accounting identity holds")
    def test_every_fold_is_counted(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        store.outbox.enqueue([change(1, UPDATE), change(1, REMOVE)], folding=True)

        tally = store.bookkeeping.tally(NEWSLETTER)

        assert (tally.enqueued, tally[MessageState.FOLDED], tally[MessageState.PENDING]) == (
            3,
            2,
            1,
        )
        assert tally.balanced

    @keeps(Outbox, "Messages weigh what their fields do")
    def test_folded_change_weighs_what_it_holds_now(self, store: Store) -> None:
        store.outbox.enqueue([weighing(1, 50)], folding=True)

        store.outbox.enqueue([change(1, REMOVE)], folding=True)

        assert store.outbox.backlog(NEWSLETTER, ALL).weight_bytes == len("{}")

    @keeps(Outbox.enqueue, "the age of the earlier one stays")
    def test_earlier_change_keeps_its_age_and_id(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1, id_="first")], folding=True)
        began = stand.clock.now()
        stand.clock.advance(19 * MINUTE)

        store.outbox.enqueue([change(1, UPDATE, {"a": 1}, id_="second")], folding=True)

        assert store.outbox.backlog(NEWSLETTER, ALL).oldest_enqueued_at == began
        [message] = deliver_everything(store)
        assert (message.enqueued_at, message.change.id) == (began, "first")

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_partial_update_makes_the_data_unknown(self, store: Store) -> None:
        store.outbox.enqueue(
            [change(1, fields={"a": 1}), change(1, UPDATE, {"a": 2})], folding=True
        )

        assert left_over(store)[0].fingerprint is None

    @keeps(Outbox.enqueue, "is folded into the one before it")
    def test_whole_profile_makes_the_data_known_again(self, store: Store) -> None:
        whole = Fields.of({"a": 3})

        store.outbox.enqueue([change(1, REMOVE), change(1, ADD, {"a": 3})], folding=True)

        assert left_over(store)[0].fingerprint == whole.fingerprint

    @keeps(Outbox.enqueue, "has never been claimed")
    def test_claimed_change_is_left_alone(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)

        store.outbox.enqueue([change(1, UPDATE)], folding=True)
        settle(store, batch)

        assert left_over(store) == [change(1, UPDATE)]

    @keeps(Outbox.enqueue, "has never been claimed")
    def test_change_that_was_tried_is_left_alone(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1), change(2)], folding=True)
        [batch] = claim(store)
        settle(store, batch, Retry(stand.clock.now(), "503", "down"), Defer(None, "later"))

        store.outbox.enqueue([change(1, UPDATE), change(2, UPDATE)], folding=True)

        assert left_over(store) == [change(1), change(2), change(1, UPDATE), change(2, UPDATE)]

    @keeps(Outbox.enqueue, "if that is pending")
    def test_parked_change_is_left_alone(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        settle(store, batch, Park("timeout", "no answer"))

        store.outbox.enqueue([change(1, UPDATE), change(1, REMOVE)], folding=True)

        tally = store.bookkeeping.tally(NEWSLETTER)
        assert (tally[MessageState.PENDING], tally[MessageState.FOLDED]) == (1, 1)

    @keeps(Outbox.enqueue, "in the same scope")
    def test_other_segment_is_not_folded_into(self, store: Store) -> None:
        changes = [change(1), change(1, UPDATE, within=OTHER_SEGMENT)]

        store.outbox.enqueue(changes, folding=True)

        assert left_over(store) == changes

    @keeps(Outbox.enqueue, "in the same scope")
    def test_other_connection_is_not_folded_into(self, store: Store) -> None:
        changes = [change(1), change(1, UPDATE, within=OTHER_CONNECTION)]

        receipt = store.outbox.enqueue(changes, folding=True)

        assert receipt.folded == 0

    @keeps(Outbox.enqueue, "the one before it of the same profile")
    def test_change_folds_into_the_one_directly_before_it_only(self, store: Store) -> None:
        changes = [change(1), change(1, within=OTHER_SEGMENT), change(1, UPDATE, {"a": 1})]

        store.outbox.enqueue(changes, folding=True)

        assert left_over(store) == changes

    @keeps(Outbox.enqueue, "the one before it of the same profile")
    def test_change_folds_into_the_last_of_a_long_line(self, store: Store) -> None:
        changes = [change(1), change(1, within=OTHER_SEGMENT), change(1, UPDATE, {"a": 1})]
        store.outbox.enqueue(changes, folding=True)

        store.outbox.enqueue([change(1, UPDATE, {"a": 2})], folding=True)

        assert [c.fields.values() for c in left_over(store)] == [{}, {}, {"a": 2}]

    @keeps(Outbox.enqueue, "of the same profile")
    def test_same_number_on_another_account_is_another_profile(self, store: Store) -> None:
        changes = [change(1), change(1, UPDATE, within=scope("partner", account="partner"))]

        receipt = store.outbox.enqueue(changes, folding=True)

        assert receipt.folded == 0

    @keeps(Outbox.enqueue, "of the same profile")
    def test_same_value_of_another_type_is_another_profile(self, store: Store) -> None:
        digest = "e14ea289efcdde26d95aaa951e067d8eaf5bb6650a65bac28cb013bbc2406adc"
        both = [Identifier.customer_id(digest), Identifier.hashed_email(digest)]

        receipt = store.outbox.enqueue([change(who) for who in both], folding=True)

        assert receipt.folded == 0
        assert [c.identifier for c in left_over(store)] == both

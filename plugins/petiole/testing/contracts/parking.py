"""What every way out of parking promises."""

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import Bury, Park
from petiole.core.ports.parking import Decision, Parking
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import NEWSLETTER, WELCOME, claim, fill, numbers, settle
from petiole.testing.contracts.store import StoreContract
from petiole.testing.stands import Store

DOUBT = Park("Timeout", "no answer")


def park(store: Store, first: int, last: int) -> None:
    """Park the additions of some customers."""
    fill(store, first, last)
    [batch] = claim(store)
    settle(store, batch, DOUBT)


class ParkingContract(StoreContract):
    """`ports.parking`: override `stand`."""

    def test_parking_is_a_parking(self, store: Store) -> None:
        assert isinstance(store.parking, Parking)

    def test_messages_to_be_sent_again_are_claimed_as_if_never_tried(self, store: Store) -> None:
        park(store, 1, 3)

        released = store.parking.release(NEWSLETTER, Decision.RESEND)

        assert released == 3
        [batch] = claim(store)
        assert numbers(batch) == [1, 2, 3]
        assert {message.attempt for message in batch.messages} == {1}

    def test_arrived_messages_are_delivered_and_in_the_ledger(self, store: Store) -> None:
        park(store, 1, 2)

        released = store.parking.release(NEWSLETTER, Decision.ARRIVED)

        assert released == 2
        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DELIVERED] == 2
        assert store.ledger.holds(scope(), person(1))
        assert not claim(store)

    def test_next_change_follows_what_arrived(self, store: Store) -> None:
        park(store, 1, 1)
        store.outbox.enqueue([change(1, ChangeKind.REMOVE)], folding=True)

        store.parking.release(NEWSLETTER, Decision.ARRIVED)

        [batch] = claim(store)
        assert [message.change.kind for message in batch.messages] == [ChangeKind.REMOVE]

    def test_nothing_else_is_touched(self, store: Store) -> None:
        store.outbox.enqueue([change(9, within=scope(WELCOME))], folding=True)
        [elsewhere] = claim(store, WELCOME)
        settle(store, elsewhere, DOUBT)
        fill(store, 1, 1)
        [dead] = claim(store)
        settle(store, dead, Bury("105", "unknown field"))

        assert store.parking.release(NEWSLETTER, Decision.RESEND) == 0

        assert store.bookkeeping.tally(NEWSLETTER)[MessageState.DEAD] == 1
        assert store.bookkeeping.tally(WELCOME)[MessageState.PARKED] == 1

    def test_sums_stay_balanced(self, store: Store) -> None:
        park(store, 1, 4)
        store.parking.release(NEWSLETTER, Decision.ARRIVED)
        park(store, 5, 6)
        store.parking.release(NEWSLETTER, Decision.RESEND)

        tally = store.bookkeeping.tally(NEWSLETTER)
        assert tally.balanced
        assert tally == store.bookkeeping.audit(NEWSLETTER)

"""What every bookkeeping promises."""

from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.dead_letter import DeadLetter
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import DELIVERED, Bury, Defer, Park, Retry, Verdict
from petiole.core.domain.tally import Tally
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import MINUTE, NEWSLETTER, claim, settle
from petiole.testing.contracts.store import StoreContract
from petiole.testing.stands import Store, StoreStand


def end(store: Store, number: int, verdict: Verdict, connection: str = NEWSLETTER) -> None:
    """Enqueue an addition and settle it so."""
    store.outbox.enqueue([change(number, within=scope(connection))], folding=True)
    [batch] = claim(store, connection)
    settle(store, batch, verdict)


class TallyContract:
    """`Bookkeeping.tally` and `Bookkeeping.audit`."""

    def test_unknown_connection_has_nothing(self, store: Store) -> None:
        assert store.bookkeeping.tally(NEWSLETTER) == Tally()
        assert store.bookkeeping.audit(NEWSLETTER) == Tally()

    def test_every_state_is_counted(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, Bury("105", "unknown field"))
        end(store, 3, Park("timeout", "no answer"))
        end(store, 4, Retry(stand.clock.now() + MINUTE, "503", "down"))
        end(store, 5, Defer(stand.clock.now() + MINUTE, "quota"))
        store.outbox.enqueue([change(6), change(7)], folding=True)
        claim(store)
        store.outbox.enqueue([change(8), change(8, ChangeKind.UPDATE)], folding=True)

        tally = store.bookkeeping.tally(NEWSLETTER)

        assert tally == Tally(
            enqueued=9,
            states={
                MessageState.PENDING: 3,
                MessageState.IN_FLIGHT: 2,
                MessageState.DELIVERED: 1,
                MessageState.FOLDED: 1,
                MessageState.PARKED: 1,
                MessageState.DEAD: 1,
            },
        )
        assert tally.balanced

    def test_counting_the_rows_gives_the_kept_sums(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, Bury("105", "unknown field"))
        store.outbox.enqueue([change(3), change(3, ChangeKind.REMOVE)], folding=True)

        assert store.bookkeeping.audit(NEWSLETTER) == store.bookkeeping.tally(NEWSLETTER)

    def test_connections_are_counted_apart(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 1, DELIVERED, "welcome")
        end(store, 2, DELIVERED, "welcome")

        assert store.bookkeeping.tally(NEWSLETTER).enqueued == 1
        assert store.bookkeeping.audit(ConnectionName("welcome")).enqueued == 2

    def test_sums_survive_the_runner(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DELIVERED)
        before = store.bookkeeping.tally(NEWSLETTER)
        stand.kill(store)

        assert stand.open().bookkeeping.tally(NEWSLETTER) == before


class DeadLetterContract:
    """`Bookkeeping.dead_letters`."""

    def test_there_are_none_at_first(self, store: Store) -> None:
        assert list(store.bookkeeping.dead_letters(None, limit=10)) == []

    def test_letter_carries_the_words_of_the_platform(
        self, stand: StoreStand, store: Store
    ) -> None:
        end(store, 1, Bury("105", "veld 'städt' onbekend"))

        [letter] = store.bookkeeping.dead_letters(NEWSLETTER, limit=10)

        assert letter == DeadLetter(
            id=letter.id,
            connection=NEWSLETTER,
            segment=scope().segment,
            identifier=person(1),
            kind=ChangeKind.ADD,
            state=MessageState.DEAD,
            code="105",
            reason="veld 'städt' onbekend",
            attempts=1,
            at=stand.clock.now(),
        )

    def test_parked_messages_are_listed_too(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, Park("timeout", "no answer"))
        parked_at = stand.clock.now()
        stand.clock.advance(MINUTE)

        [letter] = store.bookkeeping.dead_letters(NEWSLETTER, limit=10)

        assert (letter.state, letter.code, letter.at) == (
            MessageState.PARKED,
            "timeout",
            parked_at,
        )

    def test_newest_come_first_up_to_the_limit(self, stand: StoreStand, store: Store) -> None:
        for number in range(1, 6):
            end(store, number, Bury("105", "unknown field"))
            stand.clock.advance(MINUTE)

        letters = store.bookkeeping.dead_letters(NEWSLETTER, limit=3)

        assert [letter.identifier for letter in letters] == [person(5), person(4), person(3)]

    def test_newest_are_those_that_ended_last(self, stand: StoreStand, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        [batch] = claim(store)
        end(store, 2, Bury("105", "unknown field"))
        stand.clock.advance(MINUTE)
        settle(store, batch, Bury("105", "unknown field"))

        letters = store.bookkeeping.dead_letters(NEWSLETTER, limit=3)

        assert [letter.identifier for letter in letters] == [person(1), person(2)]

    def test_one_connection_or_all_are_listed(self, store: Store) -> None:
        end(store, 1, Bury("105", "unknown field"))
        end(store, 2, Bury("105", "unknown field"), "welcome")

        one = store.bookkeeping.dead_letters(ConnectionName("welcome"), limit=10)
        both = store.bookkeeping.dead_letters(None, limit=10)

        assert [letter.identifier for letter in one] == [person(2)]
        assert [letter.identifier for letter in both] == [person(2), person(1)]

    def test_other_messages_are_no_letters(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        store.outbox.enqueue([change(2)], folding=True)
        claim(store)

        assert list(store.bookkeeping.dead_letters(None, limit=10)) == []


class BookkeepingContract(TallyContract, DeadLetterContract, StoreContract):
    """`ports.bookkeeping`: override `stand`."""

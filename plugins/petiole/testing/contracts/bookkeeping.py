"""What every bookkeeping promises."""

from datetime import UTC, datetime, timedelta

from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.change import ChangeKind, ConnectionName
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import DELIVERED, Bury, Defer, Park, Retry, Verdict
from petiole.core.domain.tally import Tally
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import MOMENT, change
from petiole.testing.contracts.runs import (
    ALL,
    LEASE,
    MINUTE,
    NEWSLETTER,
    ONE_CALL,
    WELCOME,
    claim,
    end,
    fill,
    settle,
)
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand


class NamesContract:
    """`Bookkeeping.connections`."""

    @keeps(Bookkeeping.connections, "for which anything was ever enqueued")
    def test_nobody_is_named_at_first(self, store: Store) -> None:
        store.bookkeeping.tally(NEWSLETTER)
        store.outbox.backlog(NEWSLETTER, ALL)

        assert list(store.bookkeeping.connections()) == []

    @keeps(Bookkeeping.connections, "for which anything was ever enqueued", "once each")
    def test_connection_is_named_whatever_became_of_its_messages(
        self, stand: StoreStand, store: Store
    ) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, DELIVERED)
        end(store, 3, Bury("105", "unknown field"), WELCOME)
        stand.clock.advance(MINUTE)
        store.history.prune(stand.clock.now(), limit=10)
        stand.kill(store)

        names = stand.open().bookkeeping.connections()

        assert sorted(names) == [NEWSLETTER, WELCOME]


class TallyContract:
    """`Bookkeeping.tally` and `Bookkeeping.audit`."""

    @keeps(Bookkeeping.tally, "Tell the kept sums")
    @keeps(Bookkeeping.audit, "Count the rows")
    def test_unknown_connection_has_nothing(self, store: Store) -> None:
        assert store.bookkeeping.tally(NEWSLETTER) == Tally()
        assert store.bookkeeping.audit(NEWSLETTER) == Tally()

    @keeps(Bookkeeping.tally, "Tell the kept sums")
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

    @keeps(Bookkeeping.audit, "equals the tally")
    def test_counting_the_rows_gives_the_kept_sums(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, Bury("105", "unknown field"))
        store.outbox.enqueue([change(3), change(3, ChangeKind.REMOVE)], folding=True)

        assert store.bookkeeping.audit(NEWSLETTER) == store.bookkeeping.tally(NEWSLETTER)

    @keeps(Bookkeeping.tally, "true also after old rows were pruned")
    def test_kept_sums_outlive_what_is_pruned(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, Bury("105", "unknown field"))
        before = store.bookkeeping.tally(NEWSLETTER)
        stand.clock.advance(MINUTE)

        store.history.prune(stand.clock.now(), limit=10)

        assert store.bookkeeping.tally(NEWSLETTER) == before
        assert store.bookkeeping.audit(NEWSLETTER).enqueued == 1

    @keeps(Bookkeeping.tally, "Tell the kept sums")
    def test_erased_messages_are_counted(self, store: Store) -> None:
        end(store, 1, Bury("105", "unknown field"))

        store.dead_letters.decide(LetterSelection(), Decision.DISCARD, by="Noor")

        tally = store.bookkeeping.tally(NEWSLETTER)
        assert tally == Tally(enqueued=1, states={MessageState.ERASED: 1})

    @keeps(Bookkeeping.tally, "Tell the kept sums")
    @keeps(Bookkeeping.audit, "Count the rows that are there")
    def test_connections_are_counted_apart(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 1, DELIVERED, "welcome")
        end(store, 2, DELIVERED, "welcome")

        assert store.bookkeeping.tally(NEWSLETTER).enqueued == 1
        assert store.bookkeeping.audit(ConnectionName("welcome")).enqueued == 2

    @keeps(Bookkeeping.tally, "Tell the kept sums")
    def test_sums_survive_the_runner(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, DELIVERED)
        before = store.bookkeeping.tally(NEWSLETTER)
        stand.kill(store)

        assert stand.open().bookkeeping.tally(NEWSLETTER) == before


def calls(count: int, ended_at: datetime) -> AttemptRecord:
    """An attempt that took so many calls, and ended then."""
    return AttemptRecord(began_at=ended_at - MINUTE, ended_at=ended_at, calls=count)


class CallsContract:
    """`Bookkeeping.calls`."""

    @keeps(Bookkeeping.calls, "Count the calls")
    def test_no_calls_were_made_at_first(self, store: Store) -> None:
        assert store.bookkeeping.calls([NEWSLETTER], MOMENT) == 0

    @keeps(Bookkeeping.calls, "Count the calls")
    @keeps(Outbox.settle, "the number of its calls are kept")
    def test_calls_of_settled_attempts_add_up(self, store: Store) -> None:
        for number, count in enumerate((1, 3, 0), start=1):
            fill(store, number, number)
            settle(store, claim(store)[0], record=calls(count, MOMENT))

        assert store.bookkeeping.calls([NEWSLETTER], MOMENT) == 4

    @keeps(Bookkeeping.calls, "of settled attempts")
    def test_attempt_that_is_not_settled_does_not_count(self, store: Store) -> None:
        fill(store, 1, 1)
        claim(store)

        assert store.bookkeeping.calls([NEWSLETTER], MOMENT) == 0

    @keeps(Bookkeeping.calls, "of settled attempts")
    def test_attempts_count_whatever_came_of_them(self, stand: StoreStand, store: Store) -> None:
        soon = stand.clock.now() + MINUTE
        verdicts: list[Verdict] = [
            Bury("105", "no"),
            Park("x", "?"),
            Retry(soon, "503", "down"),
            Defer(soon, ""),
        ]
        for number, verdict in enumerate(verdicts, start=1):
            end(store, number, verdict)

        assert store.bookkeeping.calls([NEWSLETTER], ONE_CALL.ended_at) == 4

    @keeps(Bookkeeping.calls, "of settled attempts")
    def test_attempt_that_was_overtaken_does_not_count(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 1)
        [slow] = claim(store)
        stand.clock.advance(LEASE)
        [quick] = claim(stand.open())

        settle(store, slow)
        settle(store, quick)

        assert store.bookkeeping.calls([NEWSLETTER], MOMENT) == 1

    @keeps(Bookkeeping.calls, "Count the calls")
    def test_connections_are_counted_together_as_asked(self, store: Store) -> None:
        end(store, 1, DELIVERED)
        end(store, 2, DELIVERED, WELCOME)
        end(store, 3, DELIVERED, WELCOME)

        told = store.bookkeeping.calls

        assert told([NEWSLETTER], MOMENT) == 1
        assert told([WELCOME], MOMENT) == 2
        assert told([NEWSLETTER, WELCOME], MOMENT) == 3
        assert told([], MOMENT) == 0

    @keeps(Bookkeeping.calls, "that ended since a moment")
    def test_only_what_ended_since_the_moment_counts(self, store: Store) -> None:
        midnight = datetime(2026, 3, 1, 23, tzinfo=UTC)
        for number, minutes in enumerate((-16, -1, 0, 1, 700), start=1):
            fill(store, number, number)
            settle(store, claim(store)[0], record=calls(1, midnight + minutes * MINUTE))

        told = [
            store.bookkeeping.calls([NEWSLETTER], midnight + minutes * MINUTE)
            for minutes in (-30, -15, 0, 15, 705)
        ]

        assert told == [5, 4, 3, 1, 0]

    @keeps(Bookkeeping.calls, "To the quarter of an hour")
    def test_moment_within_a_quarter_counts_the_whole_of_it(self, store: Store) -> None:
        began = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
        fill(store, 1, 1)
        settle(store, claim(store)[0], record=calls(2, began))

        told = store.bookkeeping.calls([NEWSLETTER], began + 14 * MINUTE)

        assert told == 2

    @keeps(Bookkeeping.calls, "Count the calls")
    def test_calls_survive_the_runner_and_what_is_pruned(
        self, stand: StoreStand, store: Store
    ) -> None:
        end(store, 1, DELIVERED)
        stand.kill(store)
        stand.clock.advance(timedelta(days=9))
        other = stand.open()

        other.history.prune(stand.clock.now(), limit=10)

        assert other.bookkeeping.calls([NEWSLETTER], MOMENT) == 1


class BookkeepingContract(NamesContract, TallyContract, CallsContract, StoreContract):
    """`ports.bookkeeping`: override `stand`."""

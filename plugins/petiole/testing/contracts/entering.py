"""What every ledger promises about putting changes into the outbox, part by part."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

import pytest

from petiole.core.domain.batching import BatchPolicy, Claiming
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.message import Batch, Message
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.ledger import Comparison, Difference, Entered, Entering
from petiole.testing.changes import MOMENT, change, person, scope, snapshot
from petiole.testing.contracts.comparing import NEW, OLD, difference
from petiole.testing.contracts.runs import (
    LEASE,
    NEWSLETTER,
    THREES,
    claim,
    deliver,
    deliver_everything,
    numbers,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
THREE = Claiming(policy=THREES, batches=1, lease=LEASE)
SIX = Claiming(policy=THREES, batches=2, lease=LEASE)

Profile: TypeAlias = tuple[int, Mapping[str, JsonValue]]


def everybody(first: int, last: int) -> list[Profile]:
    """Profiles from first to last, each with data of its own."""
    return [(number, {"n": number}) for number in range(first, last + 1)]


def parts(store: Store, entering: Entering, claiming: Claiming | None = None) -> Iterator[Entered]:
    """Go on until all are there; the sums must be right after each part."""
    while (entered := entering.part(claiming)) is not None:
        tally = store.bookkeeping.tally(NEWSLETTER)
        assert tally.balanced
        assert tally == store.bookkeeping.audit(NEWSLETTER)
        yield entered


def enter(
    store: Store,
    *profiles: Profile,
    claiming: Claiming | None = None,
    mirror: bool = False,
    folding: bool = True,
    removing: bool = True,
) -> list[Entered]:
    """Put all that a sync of this snapshot would enqueue into the outbox."""
    with store.ledger.compare(scope(), snapshot(*profiles), mirror=mirror) as comparison:
        entering = comparison.entering(MOMENT, folding=folding, removing=removing)
        return [*parts(store, entering, claiming)]


def batches_of(entered: list[Entered]) -> list[Batch]:
    """List what was claimed."""
    return [batch for part in entered for batch in part.batches]


def receipt_of(entered: list[Entered]) -> EnqueueReceipt:
    """Add up what was taken."""
    return sum((part.receipt for part in entered), EnqueueReceipt())


def deliver_all(store: Store, entered: list[Entered]) -> list[Message]:
    """Have the platform accept what was claimed, and then the rest; the messages by id."""
    sent: list[Message] = []
    for batch in batches_of(entered):
        assert settle(store, batch) == []
        sent += batch.messages
    sent += deliver_everything(store)
    return sorted(sent, key=lambda message: message.id)


class EnterContract:
    """`Comparison.entering`, whether anything may be claimed or not."""

    @pytest.fixture(params=[None, THREE, SIX], ids=["nothing", "three", "six"])
    def claiming(self, request: pytest.FixtureRequest) -> Claiming | None:
        may_be: Claiming | None = request.param
        return may_be

    @keeps(Comparison.entering, "in the order of `changes`")
    @keeps(Entering, "Changes on their way into the outbox")
    def test_what_enters_is_what_differs(self, store: Store, claiming: Claiming | None) -> None:
        deliver(store, *(change(number, fields=OLD) for number in range(1, 9)))
        profiles: list[Profile] = [(11, NEW), (3, NEW), (1, OLD), (10, OLD), (2, NEW), (9, {})]

        with store.ledger.compare(scope(), snapshot(*profiles), mirror=True) as comparison:
            entering = comparison.entering(MOMENT, folding=True, removing=True)
            entered = [*parts(store, entering, claiming)]
            expected = list(comparison.changes(MOMENT))

        sent = deliver_all(store, entered)
        assert [message.change for message in sent] == expected
        assert difference(store, *profiles, mirror=True) == Difference(unchanged=6, held=6)

    @keeps(Comparison.entering, "in the order of `changes`")
    def test_removals_enter_first(self, store: Store, claiming: Claiming | None) -> None:
        deliver(store, *(change(number) for number in range(1, 8)))

        entered = enter(store, *everybody(11, 17), claiming=claiming, mirror=True)

        kinds = [message.change.kind for message in deliver_all(store, entered)]
        assert kinds == [REMOVE] * 7 + [ADD] * 7

    @keeps(Comparison.entering, "Without `removing`")
    def test_removals_are_left_out_unless_asked_for(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        deliver(store, change(1), change(2))

        entered = enter(store, (3, NEW), claiming=claiming, mirror=True, removing=False)

        assert receipt_of(entered).enqueued == 1
        assert [m.change.identifier for m in deliver_all(store, entered)] == [person(3)]
        assert store.ledger.count(scope()) == 3

    @keeps(Comparison.entering, "Without `removing`")
    def test_nothing_enters_if_only_removals_are_left_out(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        deliver(store, change(1), change(2))

        assert enter(store, claiming=claiming, mirror=True, removing=False) == []

    @keeps(Entering.part, "`None` when all are there")
    def test_nothing_enters_where_nothing_differs(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        deliver(store, change(1, fields=OLD))

        assert enter(store, (1, OLD), claiming=claiming, mirror=True) == []
        assert store.bookkeeping.tally(NEWSLETTER).enqueued == 1

    @keeps(Entering.part, "`None` when all are there")
    def test_end_stays_the_end(self, store: Store, claiming: Claiming | None) -> None:
        with store.ledger.compare(scope(), snapshot((1, OLD)), mirror=True) as comparison:
            entering = comparison.entering(MOMENT, folding=True, removing=True)
            [*_] = parts(store, entering, claiming)

            assert [entering.part(claiming), entering.part()] == [None, None]

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    def test_receipts_tell_what_was_taken(self, store: Store, claiming: Claiming | None) -> None:
        store.outbox.enqueue([change(2, fields=OLD), change(4, fields=OLD)], folding=True)

        entered = enter(store, *everybody(1, 7), claiming=claiming)

        assert receipt_of(entered) == EnqueueReceipt(enqueued=7, folded=2)
        assert store.bookkeeping.tally(NEWSLETTER).enqueued == 9
        assert store.bookkeeping.tally(NEWSLETTER).waiting == 7

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    def test_changes_are_folded_into_what_waits(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        deliver(store, change(3, fields=OLD))
        store.outbox.enqueue([change(2, fields=OLD), change(3, UPDATE, NEW)], folding=True)

        entered = enter(store, (1, NEW), (2, NEW), claiming=claiming, mirror=True)

        sent = {m.change.identifier: m.change for m in deliver_all(store, entered)}
        kinds = [sent[person(number)].kind for number in (1, 2, 3)]
        assert (len(sent), kinds) == (3, [ADD, ADD, REMOVE])
        assert sent[person(2)].fields == Fields.of(NEW)
        assert difference(store, (1, NEW), (2, NEW), mirror=True) == Difference(unchanged=2, held=2)

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    def test_changes_line_up_where_folding_is_off(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        store.outbox.enqueue([change(2, fields=OLD), change(3, REMOVE)], folding=False)

        entered = enter(store, *everybody(1, 4), claiming=claiming, folding=False)

        flying = [number for batch in batches_of(entered) for number in numbers(batch)]
        assert not {2, 3} & {*flying}
        assert len(flying) == len({*flying})
        changes = [message.change for message in deliver_all(store, entered)]
        assert [c.fields for c in changes if c.identifier == person(2)] == [
            Fields.of(OLD),
            Fields.of({"n": 2}),
        ]
        assert [c.kind for c in changes if c.identifier == person(3)] == [REMOVE, ADD]
        assert len(changes) == 6

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    def test_order_holds_where_the_earlier_change_is_in_flight(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        store.outbox.enqueue([change(2, fields=OLD)], folding=True)
        [ahead] = claim(store)

        entered = enter(store, *everybody(1, 3), claiming=claiming)

        assert all(2 not in numbers(batch) for batch in batches_of(entered))
        assert 2 not in {n for batch in claim(store, batches=5) for n in numbers(batch)}
        settle(store, ahead)
        assert [numbers(batch) for batch in claim(store)] == [[2]]

    @keeps(Entering.part, "as `Outbox.enqueue` does")
    def test_order_holds_across_the_connections_of_an_account(
        self, store: Store, claiming: Claiming | None
    ) -> None:
        store.outbox.enqueue([change(2, within=scope("welcome"))], folding=True)

        entered = enter(store, *everybody(1, 3), claiming=claiming)

        first = [m.change.identifier for m in deliver_all(store, entered)]
        assert first == [person(1), person(3)]
        deliver_everything(store, "welcome")
        assert [numbers(batch) for batch in claim(store)] == [[2]]

    @keeps(Entering.part, "Put the next ones there")
    def test_first_line_of_a_profile_enters(self, store: Store, claiming: Claiming | None) -> None:
        entered = enter(store, (1, NEW), (2, NEW), (1, OLD), (2, OLD), claiming=claiming)

        changes = [message.change for message in deliver_all(store, entered)]
        assert [c.identifier for c in changes] == [person(1), person(2)]
        assert [c.fields for c in changes] == [Fields.of(NEW)] * 2

    @keeps(Entering.part, "Put the next ones there")
    def test_many_changes_enter_each_once(self, store: Store, claiming: Claiming | None) -> None:
        deliver(store, *(change(number) for number in range(3001, 5_102)))
        policy = BatchPolicy(max_profiles=500)
        claiming = claiming and replace(claiming, policy=policy)

        entered = enter(store, *everybody(1, 2_345), claiming=claiming, mirror=True)

        assert receipt_of(entered) == EnqueueReceipt(enqueued=2_345 + 2_101)
        sent = [message.change.identifier for message in deliver_all(store, entered)]
        assert sent[2_101:] == [person(number) for number, _ in everybody(1, 2_345)]
        assert store.ledger.count(scope()) == 2_345

"""What every ledger promises about the changes that turn what is held into a snapshot."""

from collections.abc import Mapping

from petiole.core.domain.change import ChangeKind, ProfileChange
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.ports.ledger import Comparison, Difference, Ledger
from petiole.testing.changes import MOMENT, change, person, scope, snapshot
from petiole.testing.contracts.comparing import NEW, OLD, difference
from petiole.testing.contracts.runs import (
    NEWSLETTER,
    deliver,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE


def changes(
    store: Store, *profiles: tuple[int, Mapping[str, JsonValue]], mirror: bool = False
) -> list[ProfileChange]:
    """List what a sync of this snapshot would enqueue."""
    with store.ledger.compare(scope(), snapshot(*profiles), mirror=mirror) as comparison:
        return list(comparison.changes(MOMENT))


class ChangesContract:
    """`Comparison.changes`."""

    @keeps(Comparison.changes, "removals first, then in its order")
    def test_removals_come_first_and_then_the_order_of_the_snapshot(self, store: Store) -> None:
        deliver(store, *(change(number, fields=OLD) for number in (4, 5, 6, 7)))

        found = changes(store, (9, NEW), (4, NEW), (8, NEW), (5, OLD), mirror=True)

        removed, rest = found[:2], found[2:]
        assert {(c.kind, c.identifier) for c in removed} == {
            (REMOVE, person(6)),
            (REMOVE, person(7)),
        }
        assert [(c.kind, c.identifier) for c in rest] == [
            (ADD, person(9)),
            (UPDATE, person(4)),
            (ADD, person(8)),
        ]

    @keeps(Comparison.changes, "turns the held into the snapshot")
    def test_change_is_complete(self, store: Store) -> None:
        [only] = changes(store, (1, NEW))

        data = Fields.of(NEW)
        assert only == ProfileChange(
            scope=scope(),
            identifier=person(1),
            kind=ADD,
            occurred_at=MOMENT,
            fields=data,
            fingerprint=data.fingerprint,
        )

    @keeps(Ledger, "never its data")
    def test_removal_carries_no_data(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD))

        [only] = changes(store, mirror=True)

        assert (only.kind, only.fields, only.fingerprint) == (REMOVE, Fields(), None)

    @keeps(Comparison.changes, "Stays the same while")
    def test_changes_stay_the_same_while_they_are_enqueued(self, store: Store) -> None:
        deliver(store, *(change(number, fields=OLD) for number in range(1500)))
        profiles = [(number, NEW) for number in range(500, 2500)]

        with store.ledger.compare(scope(), snapshot(*profiles), mirror=True) as comparison:
            before = comparison.difference()
            for one in comparison.changes(MOMENT):
                store.outbox.enqueue([one], folding=True)
            assert comparison.difference() == before

        assert before == Difference(removed=500, updated=1000, added=1000, held=1500)
        assert store.bookkeeping.tally(NEWSLETTER).open == 2500

    @keeps(Comparison.changes, "Stays the same while")
    def test_changes_can_be_read_twice(self, store: Store) -> None:
        with store.ledger.compare(scope(), snapshot((1, OLD)), mirror=False) as comparison:
            assert list(comparison.changes(MOMENT)) == list(comparison.changes(MOMENT))

    @keeps(Comparison.changes, "turns the held into the snapshot")
    def test_delivered_changes_turn_what_is_held_into_the_snapshot(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(2, fields=OLD), change(3, fields=OLD))
        profiles = (2, NEW), (3, OLD), (4, NEW)

        deliver(store, *changes(store, *profiles, mirror=True))

        assert difference(store, *profiles, mirror=True) == Difference(unchanged=3, held=3)

    @keeps(Comparison, "against what is already on its way")
    def test_enqueued_changes_are_not_enqueued_again(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(2, fields=OLD))
        profiles = (2, NEW), (3, NEW)
        store.outbox.enqueue(changes(store, *profiles, mirror=True), folding=True)

        assert difference(store, *profiles, mirror=True) == Difference(unchanged=2, held=2)

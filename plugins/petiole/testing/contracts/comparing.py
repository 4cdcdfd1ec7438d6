"""What every ledger promises about comparing a snapshot with what is held."""

from collections.abc import Iterable, Mapping

import pytest

from petiole.core.domain.change import ChangeKind, Scope
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.settlement import Park
from petiole.core.errors import AudienceError
from petiole.core.ports.ledger import Comparison, Difference, Ledger, Repeat
from petiole.core.ports.snapshot import Snapshot, SnapshotProfile
from petiole.testing.changes import MOMENT, change, scope, snapshot
from petiole.testing.contracts.runs import (
    buried,
    claim,
    deliver,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
MOST_REPEATS = 1000
OLD: Mapping[str, JsonValue] = {"city": "Delft"}
NEW: Mapping[str, JsonValue] = {"city": "Köln"}


def difference(
    store: Store,
    *profiles: tuple[int, Mapping[str, JsonValue]],
    mirror: bool = False,
    within: Scope | None = None,
) -> Difference:
    """Count what a sync of this snapshot would do."""
    with store.ledger.compare(within or scope(), snapshot(*profiles), mirror=mirror) as comparison:
        return comparison.difference()


class CompareContract:
    """`Ledger.compare`."""

    @keeps(Comparison.difference, "Count")
    def test_everything_is_new_at_first(self, store: Store) -> None:
        assert difference(store, (1, OLD), (2, OLD)) == Difference(added=2)

    @keeps(Ledger, "Remembers a fingerprint")
    def test_profiles_are_told_apart_by_their_data(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(2, fields=OLD))

        found = difference(store, (1, OLD), (2, NEW), (3, NEW))

        assert found == Difference(unchanged=1, updated=1, added=1, held=2)

    @keeps(Ledger, "Remembers a fingerprint")
    def test_order_of_the_fields_makes_no_difference(self, store: Store) -> None:
        deliver(store, change(1, fields={"a": 1, "b": 2}))

        assert difference(store, (1, {"b": 2, "a": 1})).unchanged == 1

    @keeps(Ledger.compare, "With `mirror`")
    def test_only_a_mirror_removes(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(2, fields=OLD))

        assert difference(store, (1, OLD)) == Difference(unchanged=1, held=2)
        assert difference(store, (1, OLD), mirror=True) == Difference(
            unchanged=1, removed=1, held=2
        )

    @keeps(Ledger.compare, "With `mirror`")
    def test_mirror_of_nothing_removes_all(self, store: Store) -> None:
        deliver(store, change(1), change(2))

        assert difference(store, mirror=True) == Difference(removed=2, held=2)

    @keeps(Ledger.compare, "With `mirror`")
    def test_mirror_leaves_other_scopes_alone(self, store: Store) -> None:
        elsewhere = change(1, within=scope(segment="4712")), change(1, within=scope("welcome"))
        deliver(store, *elsewhere)

        assert difference(store, mirror=True) == Difference()

    @keeps(Ledger.compare, "A profile is held if it was delivered and not removed since")
    def test_removed_profile_is_new_again(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(1, REMOVE))

        assert difference(store, (1, OLD)) == Difference(added=1)

    @keeps(Ledger, "Remembers a fingerprint")
    def test_partial_update_makes_the_data_unknown(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(1, UPDATE, OLD))

        assert difference(store, (1, OLD)) == Difference(updated=1, held=1)

    @keeps(Ledger.compare, "open messages count as if they had been delivered already")
    def test_open_change_counts_as_delivered(self, store: Store) -> None:
        deliver(store, change(2, fields=OLD), change(3, fields=OLD))
        store.outbox.enqueue(
            [change(1, fields=NEW), change(2, ADD, NEW), change(3, REMOVE)], folding=True
        )

        found = difference(store, (1, NEW), (2, NEW), (3, OLD))

        assert found == Difference(unchanged=2, added=1, held=2)

    @keeps(Ledger.compare, "open messages count as if they had been delivered already")
    def test_change_in_flight_counts_as_delivered(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields=OLD)], folding=True)
        claim(store)

        assert difference(store, (1, OLD)) == Difference(unchanged=1, held=1)

    @keeps(Ledger.compare, "open messages count as if they had been delivered already")
    def test_parked_change_counts_as_delivered(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields=OLD)], folding=True)
        settle(store, claim(store)[0], Park("timeout", "no answer"))

        assert difference(store, (1, OLD)) == Difference(unchanged=1, held=1)

    @keeps(Ledger.compare, "open messages count as if they had been delivered already")
    def test_last_open_change_counts(self, store: Store) -> None:
        store.outbox.enqueue(
            [change(1, fields=OLD), change(1, REMOVE), change(1, fields=NEW)], folding=False
        )

        assert difference(store, (1, NEW)) == Difference(unchanged=1, held=1)

    @keeps(Ledger.compare, "open messages count as if they had been delivered already")
    def test_open_changes_of_other_scopes_do_not_count(self, store: Store) -> None:
        store.outbox.enqueue(
            [
                change(1, fields=OLD),
                change(1, REMOVE, within=scope(segment="4712")),
                change(2, within=scope("welcome")),
            ],
            folding=False,
        )

        assert difference(store, (1, OLD), (2, OLD)) == Difference(unchanged=1, added=1, held=1)

    @keeps(Ledger.compare, "a dead one counts as nothing")
    def test_buried_addition_counts_as_nothing(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields=OLD)], folding=True)
        settle(store, claim(store)[0], buried())

        assert difference(store, (1, OLD)) == Difference(added=1)

    @keeps(Ledger.compare, "a dead one counts as nothing")
    def test_buried_removal_counts_as_nothing(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD))
        store.outbox.enqueue([change(1, REMOVE)], folding=True)
        settle(store, claim(store)[0], buried())

        assert difference(store, (1, OLD)) == Difference(unchanged=1, held=1)

    @keeps(Comparison, "against what is already on its way")
    def test_mirror_removes_what_is_on_its_way(self, store: Store) -> None:
        deliver(store, change(1), change(2))
        store.outbox.enqueue([change(2, REMOVE), change(3, fields=OLD)], folding=True)

        assert difference(store, mirror=True) == Difference(removed=2, held=2)

    @keeps(Ledger.compare, "in bounded memory")
    def test_large_snapshot_is_told_apart_as_well(self, store: Store) -> None:
        deliver(store, *(change(number, fields={"n": number}) for number in range(2500)))

        found = difference(store, *((n, {"n": n % 2400}) for n in range(1, 2700)), mirror=True)

        assert found == Difference(removed=1, unchanged=2399, updated=100, added=200, held=2500)

    @keeps(Comparison.repeats, "lines that repeat a profile")
    def test_first_line_of_a_profile_counts(self, store: Store) -> None:
        profiles = (1, NEW), (2, NEW), (1, OLD)

        with store.ledger.compare(scope(), snapshot(*profiles), mirror=False) as comparison:
            assert comparison.repeats() == [Repeat(line=4, first_line=2)]
            assert [c.fields for c in comparison.changes(MOMENT)] == [Fields.of(NEW)] * 2

    @keeps(Comparison.repeats, "lines that repeat a profile")
    def test_repeats_are_found_however_far_apart(self, store: Store) -> None:
        profiles = *((number, OLD) for number in range(2500)), (0, OLD)

        with store.ledger.compare(scope(), snapshot(*profiles), mirror=False) as comparison:
            assert comparison.repeats() == [Repeat(line=2502, first_line=2)]

    @keeps(Comparison.repeats, "in order; at most the first thousand")
    def test_first_thousand_repeats_are_named(self, store: Store) -> None:
        profiles = [(1, OLD)] * (MOST_REPEATS + 50)

        with store.ledger.compare(scope(), snapshot(*profiles), mirror=False) as comparison:
            repeats = comparison.repeats()

        assert len(repeats) == MOST_REPEATS
        assert repeats[0] == Repeat(line=3, first_line=2)
        assert [repeat.line for repeat in repeats] == sorted(repeat.line for repeat in repeats)

    @keeps(Ledger.compare, "entering consumes `profiles`")
    def test_snapshot_is_read_while_entering(self, store: Store) -> None:
        profiles = snapshot((1, OLD), (2, OLD))

        with store.ledger.compare(scope(), profiles, mirror=False):
            assert list(profiles) == []

    @keeps(Ledger.compare, "A long run of them comes as a `Snapshot`")
    def test_snapshot_may_be_taken_by_the_page(self, store: Store) -> None:
        deliver(store, change(1, fields=OLD), change(2, fields=OLD))
        profiles = Snapshot.of(snapshot((1, OLD), (2, NEW), (3, NEW)))

        with store.ledger.compare(scope(), profiles, mirror=False) as comparison:
            found = comparison.difference()

        assert found == Difference(unchanged=1, updated=1, added=1, held=2)
        assert list(profiles) == []

    @keeps(Ledger.compare, "leaving frees them")
    def test_broken_snapshot_changes_nothing(self, store: Store) -> None:
        def broken() -> Iterable[SnapshotProfile]:
            yield from snapshot((1, OLD))
            raise AudienceError("line 3 of customers.csv cannot be read; mend it")

        with pytest.raises(AudienceError), store.ledger.compare(scope(), broken(), mirror=True):
            pass

        assert difference(store, (1, OLD)) == Difference(added=1)

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest

from petiole.adapters.memory import MemoryAudience, MemorySink, MemoryStore
from petiole.core.delivery.enqueue import enqueue_all
from petiole.core.delivery.plan import Plan, plan_sync
from petiole.core.delivery.reading import FieldMapping, Keying, Refusals
from petiole.core.delivery.snapshot import open_snapshot
from petiole.core.domain.change import ChangeKind, ProfileChange
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import IdentifierType
from petiole.core.errors import AudienceError
from petiole.core.ports.ledger import Difference, Entering, Repeat
from tests.core.delivery.stage import Stage
from tests.core.profiles import NOON, change, person, scope

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE
BY_ID = Keying(column="id", type=IdentifierType.CUSTOMER_ID)


def row(number: int, city: str = "Gent") -> Mapping[str, JsonValue]:
    return {"id": str(number), "city": city}


class Desk:
    """Plans syncs, and delivers what they ask for."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.sink = MemorySink()
        self.stage.serve(self.sink)

    @property
    def store(self) -> MemoryStore:
        return self.stage.store

    def plan(
        self, *rows: Mapping[str, JsonValue], mirror: bool = False
    ) -> tuple[Plan, Sequence[ProfileChange]]:
        refusals = Refusals()
        audience = MemoryAudience(rows, columns=["id", "city"])
        with plan_sync(
            open_snapshot(audience, BY_ID, FieldMapping(), refusals),
            scope=scope(),
            ledger=self.store.ledger,
            mirror=mirror,
            refusals=refusals,
        ) as plan:
            return plan, list(plan.changes(NOON))

    def sync(self, *rows: Mapping[str, JsonValue], mirror: bool = False) -> None:
        _, changes = self.plan(*rows, mirror=mirror)
        enqueue_all(self.store.outbox, changes, folding=True)
        self.stage.drain(flush=True)

    def held(self) -> set[str]:
        return {identifier.value for _, identifier in self.sink.profiles}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def kinds(changes: Sequence[ProfileChange]) -> list[tuple[ChangeKind, str]]:
    return [(change.kind, change.identifier.value) for change in changes]


def test_first_sync_adds_every_profile_in_order(desk: Desk) -> None:
    plan, changes = desk.plan(row(3), row(1), row(2))

    assert kinds(changes) == [(ADD, "3"), (ADD, "1"), (ADD, "2")]
    assert plan.difference == Difference(added=3)


def test_plan_enqueues_nothing_by_itself(desk: Desk) -> None:
    desk.plan(row(1), row(2))

    assert desk.stage.tally().enqueued == 0


def test_second_sync_of_the_same_snapshot_asks_for_nothing(desk: Desk) -> None:
    desk.sync(row(1), row(2))

    plan, changes = desk.plan(row(2), row(1))

    assert changes == []
    assert plan.difference == Difference(unchanged=2, held=2)


def test_changed_snapshot_sends_only_what_changed(desk: Desk) -> None:
    desk.sync(row(1), row(2), row(3))

    plan, changes = desk.plan(row(1), row(2, "Brugge"), row(4))

    assert kinds(changes) == [(UPDATE, "2"), (ADD, "4")]
    assert plan.difference == Difference(added=1, updated=1, unchanged=1, held=3)


def test_upsert_leaves_alone_what_the_snapshot_lacks(desk: Desk) -> None:
    desk.sync(row(1), row(2))

    desk.sync(row(1))

    assert desk.held() == {"1", "2"}


def test_mirror_removes_what_the_snapshot_lacks_first(desk: Desk) -> None:
    desk.sync(row(1), row(2), row(3))

    plan, changes = desk.plan(row(9), row(2), mirror=True)

    assert kinds(changes) == [(REMOVE, "1"), (REMOVE, "3"), (ADD, "9")]
    assert plan.difference == Difference(added=1, removed=2, unchanged=1, held=3)
    assert plan.withheld == 0


def test_mirror_withholds_its_removals_where_a_row_was_refused(desk: Desk) -> None:
    desk.sync(row(1), row(2), row(3))

    plan, changes = desk.plan(row(1, "Brugge"), {"id": "null"}, mirror=True)

    assert kinds(changes) == [(UPDATE, "1")]
    assert (plan.withheld, plan.refusals.count) == (2, 1)
    assert plan.difference.removed == 2


def test_removed_profile_that_returns_is_added_again(desk: Desk) -> None:
    desk.sync(row(1), row(2))
    desk.sync(row(1), mirror=True)

    _, changes = desk.plan(row(1), row(2))

    assert kinds(changes) == [(ADD, "2")]


def test_changes_on_their_way_count_as_delivered(desk: Desk) -> None:
    desk.stage.enqueue_changes([change(1, fields=dict(row(1))), change(2, fields=dict(row(2)))])

    _, changes = desk.plan(row(1), row(2, "Brugge"))

    assert kinds(changes) == [(UPDATE, "2")]


def test_first_line_of_a_profile_wins(desk: Desk) -> None:
    plan, changes = desk.plan(row(1, "Gent"), row(2), row(1, "Brugge"), row(1, "Gent"))

    assert [change.fields.values()["city"] for change in changes] == ["Gent", "Gent"]
    assert plan.repeats == [Repeat(3, 1), Repeat(4, 1)]
    assert plan.difference == Difference(added=2)


def test_change_carries_the_whole_profile_and_its_fingerprint(desk: Desk) -> None:
    _, (added,) = desk.plan(row(1))

    assert added.identifier == person(1)
    assert added.fields.values() == row(1)
    assert added.fingerprint == added.fields.fingerprint
    assert (added.scope, added.occurred_at, added.id) == (scope(), NOON, None)


@pytest.mark.parametrize(
    ("keying", "mapping", "column"),
    [
        (Keying(column="ident", type=IdentifierType.CUSTOMER_ID), FieldMapping(), "ident"),
        (
            Keying(column="id", type=IdentifierType.HASHED_EMAIL, address="mail"),
            FieldMapping(),
            "mail",
        ),
        (BY_ID, FieldMapping(columns={"place": "town"}), "town"),
    ],
)
def test_unknown_column_is_refused_before_any_row_is_read(
    keying: Keying, mapping: FieldMapping, column: str
) -> None:
    audience = MemoryAudience([row(1)], columns=["id", "city"])

    with pytest.raises(AudienceError, match=f"no column '{column}'"):
        open_snapshot(audience, keying, mapping, Refusals())


@dataclass(frozen=True)
class FakeComparison:
    """Knows its counts only."""

    counts: Difference

    def difference(self) -> Difference:
        return self.counts

    def repeats(self) -> Sequence[Repeat]:
        return ()

    def changes(self, occurred_at: datetime) -> Iterator[ProfileChange]:
        return iter(())

    def entering(self, occurred_at: datetime, *, folding: bool, removing: bool) -> Entering:
        raise AssertionError("nothing is queued here")


@pytest.mark.parametrize(
    ("removed", "held"),
    [(0, 0), (1_000, 1_000), (1_001, 2_002), (500_000, 1_000_000)],
)
def test_moderate_mirror_is_not_questioned(removed: int, held: int) -> None:
    counts = Difference(removed=removed, held=held)

    Plan(comparison=FakeComparison(counts), refusals=Refusals()).require_moderation()


@pytest.mark.parametrize(("removed", "held"), [(1_001, 1_001), (1_001, 2_001), (6_000, 10_000)])
def test_mirror_that_empties_most_of_a_large_segment_is_refused(removed: int, held: int) -> None:
    counts = Difference(removed=removed, held=held)
    plan = Plan(comparison=FakeComparison(counts), refusals=Refusals())

    with pytest.raises(AudienceError, match=f"remove {removed:,} of {held:,} profiles"):
        plan.require_moderation()


def test_removals_that_are_withheld_need_no_question() -> None:
    counts = Difference(removed=6_000, held=10_000)

    Plan(comparison=FakeComparison(counts), refusals=Refusals(count=1)).require_moderation()

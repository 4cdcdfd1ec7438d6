"""Entering in parts: of what size they are, what they say, and what becomes of one that fails."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from petiole.adapters.sqlite import SqliteStore, entering, part
from petiole.adapters.sqlite.claims import _OF_BATCH
from petiole.adapters.sqlite.entering import PART, PART_BYTES, PROFILES
from petiole.adapters.sqlite.row import to_message
from petiole.core.domain.batching import Claiming
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.message import Message, MessageState
from petiole.core.errors import OutboxBusy
from petiole.core.failpoints import FailPoint, arm
from petiole.core.ports.snapshot import SnapshotProfile
from petiole.testing.changes import MOMENT, change, person, scope, snapshot
from petiole.testing.contracts.entering import deliver_all, everybody, parts
from petiole.testing.contracts.runs import (
    ALL,
    LEASE,
    NEWSLETTER,
    THREES,
    WELCOME,
    deliver,
    deliver_everything,
    numbers,
)

SIX = Claiming(policy=THREES, batches=2, lease=LEASE)


@pytest.fixture
def fail_at() -> Iterator[Callable[[FailPoint], None]]:
    """Let the next one who passes a point find the outbox busy."""

    def fail_at(point: FailPoint) -> None:
        def watch(passed: FailPoint) -> None:
            if passed is point:
                arm(None)
                raise OutboxBusy("another program uses the database; close it")

        arm(watch)

    yield fail_at
    arm(None)


def test_part_holds_so_many_changes_unless_it_is_claimed(store: SqliteStore) -> None:
    deliver(store, *(change(number) for number in range(1, PART + 2)))

    profiles = snapshot(*everybody(10_001, 10_002 + PART))
    with store.ledger.compare(scope(), profiles, mirror=True) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        sizes = [entered.receipt.enqueued for entered in parts(store, went_in)]

    assert sizes == [PART, 1, PART, 2]


def test_heavy_part_is_cut(store: SqliteStore) -> None:
    heavy = Fields.of({"note": "x" * (PART_BYTES // 3)})
    profiles = [SnapshotProfile(number, person(number), heavy) for number in range(1, 8)]

    with store.ledger.compare(scope(), profiles, mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        sizes = [entered.receipt.enqueued for entered in parts(store, went_in)]

    assert sum(sizes) == 7
    assert max(sizes) <= 2


def test_single_profile_may_be_heavier_than_a_part(store: SqliteStore) -> None:
    heavy = Fields.of({"note": "x" * (PART_BYTES + 1)})
    profiles = [SnapshotProfile(number, person(number), heavy) for number in (1, 2)]
    claiming = Claiming(policy=ALL, batches=2, lease=LEASE)

    with store.ledger.compare(scope(), profiles, mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        sizes = [entered.receipt.enqueued for entered in parts(store, went_in, claiming)]

    assert sizes == [1, 1]


def test_light_changes_are_claimed_as_they_enter(store: SqliteStore) -> None:
    with store.ledger.compare(scope(), snapshot(*everybody(1, 8)), mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        batches = [batch for entered in parts(store, went_in, SIX) for batch in entered.batches]

    assert [numbers(batch) for batch in batches] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert store.bookkeeping.tally(NEWSLETTER).states == {MessageState.IN_FLIGHT: 8}


@pytest.mark.parametrize(
    ("claiming", "failing"), [*((None, n) for n in range(2)), *((SIX, n) for n in range(4))]
)
def test_part_that_failed_is_the_next_one(
    store: SqliteStore,
    fail_at: Callable[[FailPoint], None],
    failing: int,
    claiming: Claiming | None,
) -> None:
    deliver(store, *(change(number) for number in range(21, 29)))
    before = store.bookkeeping.tally(NEWSLETTER)

    with store.ledger.compare(scope(), snapshot(*everybody(1, 9)), mirror=True) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        for _ in range(failing):
            went_in.part(claiming)
        entered = store.bookkeeping.tally(NEWSLETTER)
        fail_at(FailPoint.ENQUEUE_WRITTEN)
        with pytest.raises(OutboxBusy):
            went_in.part(claiming)
        assert store.bookkeeping.tally(NEWSLETTER) == entered
        [*_] = parts(store, went_in, claiming)

    after = store.bookkeeping.tally(NEWSLETTER)
    assert after.enqueued == before.enqueued + 17
    assert after.waiting == 17


def said(messages: Iterable[Message]) -> dict[int, dict[str, JsonValue]]:
    """What each customer's message says; the last of them counts."""
    return {int(m.change.identifier.value): m.change.fields.values() for m in messages}


@pytest.mark.parametrize("claiming", [None, SIX], ids=["left", "claimed"])
@pytest.mark.parametrize(
    "in_line",
    [[], [2, 3, 21], range(1, 31)],
    ids=["nobody", "some in every other part", "everybody"],
)
def test_each_message_says_what_its_own_profile_brings(
    store: SqliteStore, claiming: Claiming | None, in_line: Sequence[int]
) -> None:
    profiles = everybody(1, 30)
    deliver(store, *(change(number, fields=fields) for number, fields in profiles[3::4]))
    ahead = [change(number, fields={"n": -number}, within=scope(WELCOME)) for number in in_line]
    store.outbox.enqueue(ahead, folding=True)

    with store.ledger.compare(scope(), snapshot(*profiles), mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        entered = list(parts(store, went_in, claiming))
    deliver_everything(store, WELCOME)
    sent = deliver_all(store, entered)

    assert said(sent) == {n: fields for n, fields in profiles if n % 4}


def interfere_not(_: SqliteStore, __: int) -> None:
    """Nobody else is at work."""


def add_a_stranger(store: SqliteStore, step: int) -> None:
    """Have another program add a profile of its own, which waits for nothing any more."""
    store.outbox.enqueue([change(1_001 + step, within=scope(WELCOME))], folding=True)
    deliver_everything(store, WELCOME)


def be_quicker(store: SqliteStore, step: int) -> None:
    """Have another program say something of profiles that have just got their numbers."""
    quicker = [11 + 5 * step, 12 + 5 * step]
    store.outbox.enqueue(
        [change(n, fields={"n": -n}, within=scope(WELCOME)) for n in quicker], folding=True
    )


@pytest.mark.parametrize("claiming", [None, SIX], ids=["left", "claimed"])
@pytest.mark.parametrize("interfere", [interfere_not, add_a_stranger, be_quicker])
@pytest.mark.parametrize(
    "known",
    [[], range(1, 5), [7, 21], range(1, 31)],
    ids=["nobody", "the first", "some", "everybody"],
)
@pytest.mark.parametrize("numbered", [4, 10, PROFILES])
def test_message_is_of_its_own_profile_however_profiles_get_their_numbers(
    store: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
    numbered: int,
    known: Sequence[int],
    interfere: Callable[[SqliteStore, int], None],
    claiming: Claiming | None,
) -> None:
    monkeypatch.setattr(entering, "PART", 6)
    monkeypatch.setattr(entering, "PROFILES", numbered)
    profiles = everybody(1, 30)
    deliver(store, *(change(number) for number in (1_000, *known)))

    # Two rows repeat a profile, so that its places have gaps.
    repeated = [*profiles[:8], profiles[0], *profiles[8:], profiles[2]]
    with store.ledger.compare(scope(), snapshot(*repeated), mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        entered = []
        for step, one in enumerate(parts(store, went_in, claiming)):
            entered.append(one)
            interfere(store, step)
    deliver_everything(store, WELCOME)
    sent = deliver_all(store, entered)

    assert said(sent) == dict(profiles)
    assert len(sent) == len(profiles)


def test_new_profiles_are_not_looked_up(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "_MESSAGES", "SELECT this is no SQL")
    deliver(store, change(1_000))

    with store.ledger.compare(scope(), snapshot(*everybody(1, 30)), mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        sent = deliver_all(store, list(parts(store, went_in, SIX)))

    assert said(sent) == dict(everybody(1, 30))


@pytest.mark.parametrize("in_line", [[], [4, 5, 6, 8]], ids=["nobody", "some"])
def test_claimed_batches_are_those_that_the_outbox_holds(
    store: SqliteStore, path: Path, in_line: Sequence[int]
) -> None:
    deliver(store, change(1_000), change(2, fields={"n": 0}))
    ahead = [change(number, within=scope(WELCOME)) for number in in_line]
    store.outbox.enqueue(ahead, folding=True)

    with store.ledger.compare(scope(), snapshot(*everybody(1, 20)), mirror=False) as comparison:
        went_in = comparison.entering(MOMENT, folding=True, removing=True)
        batches = [batch for one in parts(store, went_in, SIX) for batch in one.batches]

    with closing(sqlite3.connect(path)) as tables:
        held = [tables.execute(_OF_BATCH, (batch.id,)).fetchall() for batch in batches]
    assert [list(batch.messages) for batch in batches] == [
        [*map(to_message, rows)] for rows in held
    ]
    assert sum(map(len, held)) == 20 - len(in_line)

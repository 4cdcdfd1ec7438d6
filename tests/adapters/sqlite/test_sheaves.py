"""Messages that are bound in sheaves: nobody can tell, now or later, that they ever were."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store, sheaves
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.part import PartEntry
from petiole.adapters.sqlite.staged import StagedMessages
from petiole.adapters.sqlite.wholesale import settle_wholesale
from petiole.core.domain.batching import BatchPolicy, Claiming
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.life import Step
from petiole.core.domain.message import Batch, MessageId
from petiole.core.domain.settlement import DELIVERED, Retry, Settlement, Verdict
from petiole.core.errors import OutboxError
from petiole.core.ports.ledger import Difference
from petiole.testing.changes import MOMENT, change, person, scope, snapshot
from petiole.testing.contracts.comparing import difference
from petiole.testing.contracts.entering import SIX
from petiole.testing.contracts.runs import (
    DOUBT,
    LEASE,
    MINUTE,
    NEWSLETTER,
    THREES,
    WELCOME,
    buried,
    claim,
    deliver_everything,
    fill,
    numbers,
    settle,
    settlement,
)
from tests.adapters.sqlite.files import Rows, bound, copy, rows, spoil_sums
from tests.contracts.stores import refuse_loose_ends

EIGHT = [(number, {"name": f"Zoë {number}"}) for number in range(1, 9)]


def send(store: SqliteStore, claiming: Claiming = SIX) -> list[Batch]:
    """Have eight new profiles enter, and claim them; nobody looks."""
    batches: list[Batch] = []
    with store.ledger.compare(scope(), snapshot(*EIGHT), mirror=False) as comparison:
        entering = comparison.entering(MOMENT, folding=True, removing=True)
        while (entered := entering.part(claiming)) is not None:
            batches += entered.batches
    return batches


def look(store: SqliteStore) -> None:
    """Look at messages, so that each gets a row of its own."""
    store.history.life(scope().account, NEWSLETTER, person(1))


def shared(path: Path) -> Rows:
    """Everything but when the file was made, and who claimed: each runner has its own name."""
    everything = rows(path)
    del everything["_sqlite_migrations"]
    everything["batch"] = [(*row[:2], *row[3:]) for row in everything["batch"]]
    return everything


def test_new_profiles_are_bound(store: SqliteStore, path: Path) -> None:
    batches = send(store)

    held = rows(path)
    assert [numbers(batch) for batch in batches] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [row[0] for row in held["sheaf"]] == [batch.id for batch in batches]
    assert held["message"] == []
    assert [row[0] for row in held["content"]] == list(range(1, 9))
    refuse_loose_ends(path)


def test_written_out_they_stand_as_if_they_had_never_been_bound(
    tmp_path: Path, clock: FrozenClock
) -> None:
    files = [tmp_path / "bound.db", tmp_path / "unbound.db"]
    for path, may_be in zip(files, [True, False], strict=True):
        with (
            open_store(path, clock=clock) as store,
            patch.object(PartEntry, "_may_be_bound", return_value=may_be),
        ):
            fill(store, 21, 23)
            deliver_everything(store)
            send(store)
            assert bound(path) == (3 if may_be else 0)
            look(store)

    written_out, never_bound = map(shared, files)
    assert written_out == never_bound
    assert len(written_out["message"]) == 11


@pytest.mark.parametrize("group", [slice(None), slice(1), slice(1, 3), slice(None, None, -1)])
def test_settled_as_sheaves_they_leave_what_they_leave_written_out(
    store: SqliteStore, path: Path, clock: FrozenClock, group: slice
) -> None:
    settlements = [settlement(batch) for batch in send(store)][group]
    clock.advance(MINUTE)
    twin = copy(path)
    with open_store(twin, clock=clock) as other:
        look(other)
        assert list(other.outbox.settle(settlements)) == []

    assert list(store.outbox.settle(settlements)) == []

    assert bound(path) == 3 - len(settlements)
    look(store)
    assert rows(path) == rows(twin)


def test_any_number_of_batches_is_bound(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheaves, "AT_ONCE", 2)
    claiming = Claiming(policy=BatchPolicy(max_profiles=1), batches=5, lease=LEASE)

    batches = send(store, claiming)

    assert bound(path) == 8
    for batch in batches:
        settle(store, batch)
    assert difference(store, *EIGHT) == Difference(unchanged=8, held=8)


def test_whoever_looks_finds_them_in_flight(store: SqliteStore) -> None:
    send(store)

    [*_, last] = store.history.life(scope().account, NEWSLETTER, person(8))

    assert last.step is Step.SENT
    assert store.bookkeeping.audit(NEWSLETTER) == store.bookkeeping.tally(NEWSLETTER)


def test_relay_that_goes_on_leaves_them_bound(store: SqliteStore, path: Path) -> None:
    fill(store, 21, 23)
    _, _, last = send(store)

    store.states.state(NEWSLETTER)
    store.outbox.backlog(NEWSLETTER, THREES)
    store.bookkeeping.tally(NEWSLETTER)
    store.bookkeeping.calls([NEWSLETTER], MOMENT)
    [batch] = claim(store)
    settle(store, batch)
    settle(store, last)

    assert bound(path) == 2


def test_another_sync_finds_them_held(
    store: SqliteStore, opened: Callable[[], SqliteStore]
) -> None:
    send(store)

    assert difference(opened(), *EIGHT) == Difference(unchanged=8, held=8)


def test_change_that_comes_meanwhile_waits_behind(
    store: SqliteStore, opened: Callable[[], SqliteStore]
) -> None:
    batches = send(store)
    opened().outbox.enqueue([change(5, ChangeKind.UPDATE, within=scope(WELCOME))], folding=True)

    assert claim(store, WELCOME) == []
    settle(store, batches[1])

    [later] = claim(store, WELCOME)
    assert numbers(later) == [5]


def test_profile_that_somebody_else_was_quicker_with_is_not_bound(
    store: SqliteStore, opened: Callable[[], SqliteStore], path: Path
) -> None:
    other = opened()
    with store.ledger.compare(scope(), snapshot(*EIGHT), mirror=False) as comparison:
        entering = comparison.entering(MOMENT, folding=True, removing=True)
        entering.part(SIX)  # all have their numbers now
        other.outbox.enqueue([change(8, within=scope(WELCOME))], folding=True)
        entered = entering.part(SIX)

    assert entered is not None
    assert [numbers(batch) for batch in entered.batches] == [[7]]
    assert bound(path) == 0


def test_part_of_another_sync_lines_up_behind(
    store: SqliteStore, opened: Callable[[], SqliteStore]
) -> None:
    elsewhere = scope(segment="4712")
    with opened().ledger.compare(elsewhere, snapshot(*EIGHT), mirror=False) as comparison:
        entering = comparison.entering(MOMENT, folding=True, removing=True)
        first, *_ = send(store)
        entered = entering.part(SIX)

    assert entered is not None
    assert (entered.receipt.enqueued, entered.batches) == (6, [])
    settle(store, first)
    assert [numbers(batch) for batch in claim(store)] == [[1, 2, 3]]


def test_fingerprints_that_may_not_be_in_order_are_not_bound(
    store: SqliteStore, path: Path
) -> None:
    with patch.object(StagedMessages, "_alike", return_value=None):
        batches = send(store)

    assert bound(path) == 0
    for batch in batches:
        settle(store, batch)
    assert difference(store, *EIGHT) == Difference(unchanged=8, held=8)


def test_what_a_dead_runner_left_bound_is_recovered(
    store: SqliteStore, opened: Callable[[], SqliteStore], clock: FrozenClock
) -> None:
    lost = send(store)
    clock.advance(LEASE)

    found = claim(opened(), policy=THREES, batches=3)

    assert [batch.id for batch in found] == [batch.id for batch in lost]
    assert all(batch.recovered and batch.epoch == 2 for batch in found)
    assert [message.change for batch in found for message in batch.messages] == [
        message.change for batch in lost for message in batch.messages
    ]
    assert {message.attempt for batch in found for message in batch.messages} == {2}
    assert list(store.outbox.settle([settlement(batch) for batch in lost])) == [
        batch.id for batch in lost
    ]


@pytest.mark.parametrize("verdict", [buried(), DOUBT, Retry(MOMENT, "503", "down")])
def test_one_that_is_not_delivered_is_settled_by_steps(
    store: SqliteStore, path: Path, clock: FrozenClock, verdict: Verdict
) -> None:
    first, *others = send(store)
    judged = settlement(first)
    second = first.messages[1].id
    one_bad = replace(judged, verdicts={**judged.verdicts, second: verdict})
    settlements = [one_bad, *map(settlement, others)]
    twin = copy(path)
    with open_store(twin, clock=clock) as other:
        look(other)
        other.outbox.settle(settlements)

    assert list(store.outbox.settle(settlements)) == []

    assert rows(path) == rows(twin)
    assert store.ledger.count(scope()) == 7


def test_sheaves_are_settled_as_a_whole_together_with_other_batches(
    store: SqliteStore, path: Path, clock: FrozenClock
) -> None:
    fill(store, 21, 23)
    settlements = [settlement(batch) for batch in [*claim(store), *send(store)]]
    assert bound(path) == 3

    with store.outbox._database.write(bound=True) as tables:
        assert settle_wholesale(tables, settlements, now=to_micros(clock.now()))

    assert store.ledger.count(scope()) == 11
    assert store.bookkeeping.audit(NEWSLETTER) == store.bookkeeping.tally(NEWSLETTER)


def spoiled(one: Settlement, wrong: str) -> Settlement:
    verdicts = dict(one.verdicts)
    match wrong:
        case "missing":
            verdicts.popitem()
        case "surplus":
            verdicts[MessageId(99)] = DELIVERED
        case "none":
            verdicts.clear()
        case ids:
            verdicts = dict.fromkeys(map(MessageId, map(int, ids)), DELIVERED)
    return replace(one, verdicts=verdicts)


@pytest.mark.parametrize("wrong", ["missing", "surplus", "none", "46", "356", "457", "789"])
def test_verdicts_that_are_not_those_of_the_sheaf_are_refused(
    store: SqliteStore, path: Path, wrong: str
) -> None:
    """The second one has the messages 4, 5 and 6."""
    good, bad, _ = map(settlement, send(store))
    before = rows(path)

    with pytest.raises(OutboxError, match=f"settlement of batch {bad.batch} does not name exactly"):
        store.outbox.settle([good, spoiled(bad, wrong)])

    assert rows(path) == before


def test_batch_that_is_settled_twice_is_lost(store: SqliteStore, path: Path) -> None:
    [first, *_] = send(store)
    settle(store, first)
    before = rows(path)

    assert settle(store, first) == [first.id]

    look(store)
    assert len(rows(path)["ledger"]) == 3
    assert rows(path)["batch"] == before["batch"]


def test_change_that_the_database_refuses_leaves_everything_as_it_was(
    store: SqliteStore, path: Path
) -> None:
    settlements: Sequence[Settlement] = [*map(settlement, send(store))]
    spoil_sums(path)
    before = rows(path)

    with pytest.raises(OutboxError, match="CHECK constraint failed"):
        store.outbox.settle(settlements)

    assert rows(path) == before


def test_numbers_go_on_behind_those_that_are_bound(store: SqliteStore) -> None:
    batches = send(store)
    for batch in batches:
        settle(store, batch)

    fill(store, 21, 22)

    [later] = claim(store)
    assert [message.id for message in later.messages] == [9, 10]

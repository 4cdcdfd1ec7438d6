"""Every write passes its fail points: before its commit nothing is kept, after it everything."""

from collections.abc import Callable, Iterator

import pytest

from petiole.adapters.sqlite import SqliteStore
from petiole.core.domain.breaker import ConnectionState
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import DELIVERED
from petiole.core.failpoints import FailPoint, arm
from petiole.testing.changes import MOMENT, change
from petiole.testing.contracts.runs import MINUTE, NEWSLETTER, buried, claim, end, fill, settle

ANY = LetterSelection()


class Death(Exception):
    """The process ended here."""


def enqueue(store: SqliteStore) -> None:
    store.outbox.enqueue([change(9)], folding=True)


def take(store: SqliteStore) -> None:
    assert claim(store)


def deliver(store: SqliteStore) -> None:
    settle(store, claim(store)[0])


def hold(store: SqliteStore) -> None:
    store.states.change(NEWSLETTER, lambda _: ConnectionState(failures=1))


def edit(store: SqliteStore) -> None:
    [letter] = store.dead_letters.letters(ANY, limit=1)
    assert store.dead_letters.edit(letter.id, Fields.of({"a": 1}), by="Noor")


def resend(store: SqliteStore) -> None:
    store.dead_letters.decide(ANY, Decision.RESEND, by="Noor")


def forget(store: SqliteStore) -> None:
    assert store.history.prune(MOMENT + 10**6 * MINUTE, limit=9)


def standing(store: SqliteStore) -> object:
    """Everything that the writes below change."""
    return (
        store.bookkeeping.tally(NEWSLETTER),
        store.bookkeeping.audit(NEWSLETTER),
        store.states.state(NEWSLETTER),
        store.dead_letters.letters(ANY, limit=9),
    )


@pytest.fixture
def busy(store: SqliteStore) -> SqliteStore:
    """A store with something for every write to do."""
    end(store, 1, buried())
    end(store, 2, DELIVERED)
    fill(store, 3, 3)
    return store


@pytest.fixture
def watched() -> Iterator[list[FailPoint]]:
    passed: list[FailPoint] = []
    arm(passed.append)
    yield passed
    arm(None)


WRITES: dict[str, Callable[[SqliteStore], None]] = {
    "enqueue": enqueue,
    "claim": take,
    "state": hold,
    "decision": resend,
    "prune": forget,
}


@pytest.mark.parametrize("name", WRITES)
def test_write_passes_both_points(busy: SqliteStore, watched: list[FailPoint], name: str) -> None:
    WRITES[name](busy)

    assert watched == [FailPoint(f"{name}.written"), FailPoint(f"{name}.committed")]


@pytest.mark.parametrize("write", [deliver, edit])
def test_settling_and_editing_pass_theirs(
    busy: SqliteStore, watched: list[FailPoint], write: Callable[[SqliteStore], None]
) -> None:
    write(busy)

    name = "settle" if write is deliver else "decision"
    assert watched[-2:] == [FailPoint(f"{name}.written"), FailPoint(f"{name}.committed")]


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("moment", ["written", "committed"])
def test_who_dies_before_the_commit_has_written_nothing(
    busy: SqliteStore, name: str, moment: str
) -> None:
    def die(point: FailPoint) -> None:
        if point == f"{name}.{moment}":
            raise Death

    before = standing(busy)
    arm(die)
    try:
        with pytest.raises(Death):
            WRITES[name](busy)
    finally:
        arm(None)

    assert (standing(busy) == before) == (moment == "written")
    assert busy.bookkeeping.tally(NEWSLETTER).balanced


def test_transition_that_changes_nothing_writes_nothing(
    busy: SqliteStore, watched: list[FailPoint]
) -> None:
    busy.states.change(NEWSLETTER, lambda state: state, by="Noor")

    assert watched == []


def test_transition_is_applied_to_what_is_there_when_it_is_written(
    busy: SqliteStore, opened: Callable[[], SqliteStore]
) -> None:
    other = opened()
    asked: list[int] = []

    def count(state: ConnectionState) -> ConnectionState:
        if not asked:
            other.states.change(NEWSLETTER, lambda _: ConnectionState(failures=5))
        asked.append(state.failures)
        return ConnectionState(failures=state.failures + 1)

    after = busy.states.change(NEWSLETTER, count)

    assert (asked, after.failures) == ([0, 5], 6)
    assert busy.bookkeeping.tally(NEWSLETTER)[MessageState.DEAD] == 1

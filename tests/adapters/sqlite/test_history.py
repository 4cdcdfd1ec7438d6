"""What is kept of the past: in its true order, and forgotten without leaving anything behind."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.life import Step
from petiole.core.domain.settlement import DELIVERED, Defer, Retry
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import (
    MINUTE,
    NEWSLETTER,
    buried,
    claim,
    deliver_everything,
    end,
    fill,
    settle,
)

HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
UPDATE = ChangeKind.UPDATE


def steps(store: SqliteStore, number: int) -> list[tuple[Step, int]]:
    life = store.history.life(scope().account, NEWSLETTER, person(number))
    return [(happening.step, happening.message) for happening in life]


def rows(path: Path, *tables: str) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
            for table in tables
        }


def test_life_keeps_its_order_though_the_clock_is_set_back(
    store: SqliteStore, clock: FrozenClock
) -> None:
    fill(store, 1, 1)
    clock.jump(-HOUR)
    settle(store, claim(store)[0], Defer(None, "slow down"))
    clock.jump(-HOUR)
    store.outbox.enqueue([change(1, UPDATE)], folding=True)
    clock.jump(-HOUR)
    deliver_everything(store)

    assert steps(store, 1) == [
        (Step.ENQUEUED, 1),
        (Step.SENT, 1),
        (Step.RETRY, 1),
        (Step.ENQUEUED, 2),
        (Step.SENT, 1),
        (Step.DELIVERED, 1),
        (Step.SENT, 2),
        (Step.DELIVERED, 2),
    ]


def test_kind_is_told_as_it_was_enqueued_and_as_it_was_sent(store: SqliteStore) -> None:
    store.outbox.enqueue([change(1), change(1, ChangeKind.REMOVE)], folding=True)
    store.outbox.enqueue([change(2)], folding=True)
    store.outbox.enqueue([change(2, ChangeKind.REMOVE)], folding=True)
    deliver_everything(store)

    for number in (1, 2):
        life = store.history.life(scope().account, NEWSLETTER, person(number))
        kinds = [happening.kind for happening in life if happening.step is not Step.FOLDED]
        assert kinds == [ChangeKind.ADD, *[ChangeKind.REMOVE] * 3]


def test_nothing_is_left_of_what_is_forgotten(
    path: Path, store: SqliteStore, clock: FrozenClock
) -> None:
    fill(store, 1, 3)
    settle(store, claim(store)[0], Retry(clock.now(), "503", "down"))
    settle(store, claim(store)[0], DELIVERED, buried(), DELIVERED)
    store.dead_letters.decide(LetterSelection(), Decision.DISCARD, by="Noor")
    clock.advance(MINUTE)

    forgotten = [store.history.prune(clock.now(), limit=2) for _ in range(2)]

    assert forgotten == [2, 1]
    kept = rows(path, "message", "content", "batch", "lost_claim", "happening", "happened")
    assert set(kept.values()) == {0}


def test_batch_is_kept_for_the_one_that_is_still_waiting(
    path: Path, store: SqliteStore, clock: FrozenClock
) -> None:
    fill(store, 1, 2)
    settle(store, claim(store)[0], DELIVERED, Retry(clock.now() + MINUTE, "503", "down"))
    before = steps(store, 2)
    clock.advance(HOUR)

    store.history.prune(clock.now(), limit=9)

    assert rows(path, "message", "batch") == {"message": 1, "batch": 1}
    assert steps(store, 2) == before


def test_letter_stays_superseded_when_its_successor_is_forgotten(
    store: SqliteStore, clock: FrozenClock
) -> None:
    end(store, 1, buried())
    end(store, 1, DELIVERED)
    clock.advance(YEAR)
    store.history.prune(clock.now(), limit=9)

    decided = store.dead_letters.decide(LetterSelection(), Decision.RESEND, by="Noor")

    assert (decided.moved, decided.superseded) == (0, 1)


def test_id_of_a_forgotten_change_is_not_taken_again(
    store: SqliteStore, clock: FrozenClock
) -> None:
    store.outbox.enqueue([change(1, id_="a"), change(2, id_="b")], folding=True)
    settle(store, claim(store)[0])
    clock.advance(YEAR)
    store.history.prune(clock.now(), limit=1)

    receipt = store.outbox.enqueue(
        [change(3, id_="c"), change(1, id_="a"), change(2, id_="b")], folding=True
    )

    assert (receipt.enqueued, receipt.repeated) == (1, 2)

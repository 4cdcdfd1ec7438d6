"""Whole batches settled by one statement: nobody could tell from the file that it was not done by
steps, and where a batch is not as it should be, it is done by steps."""

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias
from unittest.mock import patch

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore
from petiole.adapters.sqlite import settlements as steps
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.wholesale import settle_wholesale
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import BatchId, MessageId
from petiole.core.domain.settlement import DELIVERED, Retry, Settlement
from petiole.core.errors import OutboxError
from petiole.core.exchange import Exchange
from petiole.testing.changes import MOMENT, change, scope
from petiole.testing.contracts.runs import (
    LEASE,
    MINUTE,
    THREES,
    WELCOME,
    buried,
    claim,
    deliver,
    fill,
    numbers,
    settle,
    settlement,
)
from tests.adapters.sqlite.files import copy, rows, spoil_sums

ADD, UPDATE, REMOVE = ChangeKind
HOUR = timedelta(hours=1)
SAID = [Exchange(request="POST /receiver, 1 record", answer='200 {"rows": 1, "☃": "\'"}')]
TALKATIVE = AttemptRecord(
    began_at=MOMENT, ended_at=MOMENT + HOUR, calls=3, trouble="slow; " * 500, exchanges=SAID
)
SILENT = AttemptRecord(began_at=MOMENT, ended_at=MOMENT, calls=0)
PARTNER = scope("partner", account="partner")

Scenario: TypeAlias = Callable[[SqliteStore, FrozenClock], Sequence[Settlement]]


@contextmanager
def opened_file(path: Path) -> Iterator[Database]:
    with closing(open_database(path)) as database:
        yield database


def settle_by_steps(
    tables: sqlite3.Connection, settlements: Sequence[Settlement], *, now: int
) -> Sequence[BatchId]:
    """Settle as if these were not to be settled as a whole."""
    with patch.object(steps, "settle_wholesale", return_value=False):
        return list(steps.settle(tables, settlements, now=now))


def additions(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    fill(store, 1, 8)
    return [settlement(batch) for batch in claim(store, policy=THREES, batches=3)]


def removals(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    deliver(store, change(1), change(2), change(3))
    clock.advance(MINUTE)
    changes = [change(1, REMOVE), change(2, UPDATE, {"a": 1}), change(3), change(4, REMOVE)]
    store.outbox.enqueue(changes, folding=True)
    return [settlement(batch) for batch in claim(store)]


def nothing_but_removals(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    deliver(store, change(1), change(2))
    store.outbox.enqueue([change(1, REMOVE), change(2, REMOVE)], folding=True)
    return [settlement(batch) for batch in claim(store)]


def connections_and_segments(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    store.outbox.enqueue(
        [
            change(1),
            change(2, within=scope(segment="4712")),
            change(3, within=scope(segment="4712")),
            change(4, within=scope("welcome")),
            change(1, within=PARTNER),
        ],
        folding=True,
    )
    return [
        settlement(batch)
        for name in ("newsletter", "welcome", "partner")
        for batch in claim(store, name)
    ]


def lines(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    changes = [
        *(change(number, UPDATE, {"n": n}) for n in range(3) for number in (1, 2)),
        change(1, within=scope("welcome")),
        change(3),
        change(3, REMOVE, within=scope(segment="4712")),
    ]
    store.outbox.enqueue(changes, folding=False)
    return [settlement(batch) for batch in claim(store)]


def records(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    fill(store, 1, 12)
    batches = claim(store, policy=THREES, batches=4)
    late = replace(TALKATIVE, ended_at=MOMENT + 2 * HOUR, trouble="", exchanges=())
    told = [TALKATIVE, SILENT, late, replace(TALKATIVE, calls=1)]
    return [settlement(batch, record=one) for batch, one in zip(batches, told, strict=True)]


def second_and_later_tries(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
    fill(store, 1, 3)
    settle(store, claim(store)[0], Retry(clock.now() + MINUTE, "503", "down"), buried(), DELIVERED)
    store.dead_letters.decide(LetterSelection(), Decision.RESEND, by="Noor")
    clock.advance(MINUTE)
    claim(store)
    clock.advance(LEASE)
    [batch] = claim(store)
    assert (batch.epoch, numbers(batch)) == (2, [1, 2])
    return [settlement(batch)]


def anything(seed: int) -> Scenario:
    """Make up changes of few profiles in several scopes, and two rounds of claims."""

    def scenario(store: SqliteStore, clock: FrozenClock) -> Sequence[Settlement]:
        dice = random.Random(seed)
        scopes = [scope(), scope(segment="4712"), scope("welcome"), PARTNER]
        settlements: list[Settlement] = []
        for _ in range(2):
            store.outbox.settle(settlements)
            changes = [
                change(
                    dice.randrange(12),
                    dice.choice(list(ChangeKind)),
                    {"n": dice.random()},
                    within=dice.choice(scopes),
                )
                for _ in range(40)
            ]
            store.outbox.enqueue(changes, folding=dice.random() < 0.3)
            clock.advance(MINUTE * dice.randrange(60))
            settlements = [
                settlement(batch, record=dice.choice([TALKATIVE, SILENT]))
                for name in ("newsletter", "welcome", "partner")
                for batch in claim(store, name, policy=BatchPolicy(max_profiles=4), batches=3)
            ]
        return settlements

    scenario.__name__ = f"seed {seed}"
    return scenario


SCENARIOS = [
    additions,
    removals,
    nothing_but_removals,
    connections_and_segments,
    lines,
    records,
    second_and_later_tries,
    *map(anything, range(12)),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.__name__))
def test_whole_batches_leave_what_steps_would_leave(
    path: Path, store: SqliteStore, clock: FrozenClock, scenario: Scenario
) -> None:
    settlements = scenario(store, clock)
    twin, now = copy(path), to_micros(clock.now())
    before = rows(path)

    with opened_file(path) as database, database.write() as tables:
        assert settle_wholesale(tables, settlements, now=now)
    with opened_file(twin) as database, database.write() as tables:
        assert settle_by_steps(tables, settlements, now=now) == []

    after, expected = rows(path), rows(twin)
    assert settlements
    assert {name for name in after if after[name] != expected[name]} == set()
    assert after["batch"] != before["batch"]


def test_outbox_settles_so(store: SqliteStore, clock: FrozenClock, path: Path) -> None:
    settlements = records(store, clock)
    twin = copy(path)
    with opened_file(twin) as database, database.write() as tables:
        settle_by_steps(tables, settlements, now=to_micros(clock.now()))

    lost = store.outbox.settle(settlements)

    assert list(lost) == []
    assert rows(path) == rows(twin)


def test_next_in_line_is_let_forward(store: SqliteStore, clock: FrozenClock) -> None:
    settlements = lines(store, clock)

    store.outbox.settle(settlements)

    assert [numbers(batch) for batch in claim(store)] == [[1, 2, 3]]
    assert [numbers(batch) for batch in claim(store, WELCOME)] == []


def refused_as_a_whole(path: Path, clock: FrozenClock, settlements: Sequence[Settlement]) -> bool:
    """Tell whether nothing at all came of it."""
    before = rows(path)
    with opened_file(path) as database, database.write() as tables:
        settled = settle_wholesale(tables, settlements, now=to_micros(clock.now()))
    return not settled and rows(path) == before


def test_lost_claim_is_told_and_the_others_are_settled(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    fill(store, 1, 3)
    [slow] = claim(store)
    clock.advance(LEASE)
    claim(store)
    fill(store, 4, 6)
    [other] = claim(store)
    settlements = [settlement(slow), settlement(other)]

    assert refused_as_a_whole(path, clock, settlements)
    assert list(store.outbox.settle(settlements)) == [slow.id]
    assert store.ledger.count(scope()) == 3


def test_settled_batch_is_lost(store: SqliteStore, clock: FrozenClock, path: Path) -> None:
    fill(store, 1, 3)
    [batch] = claim(store)
    settle(store, batch)

    assert refused_as_a_whole(path, clock, [settlement(batch)])
    before = rows(path)
    assert settle(store, batch) == [batch.id]
    assert rows(path) == before


def test_batch_that_is_not_there_is_lost(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    fill(store, 1, 3)
    [batch] = claim(store)
    stranger = replace(settlement(batch), batch=BatchId(99))

    assert refused_as_a_whole(path, clock, [stranger])
    assert list(store.outbox.settle([stranger])) == [99]


def test_batch_named_twice_is_settled_once(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    fill(store, 1, 3)
    [batch] = claim(store)
    settlements = [settlement(batch), settlement(batch)]

    assert refused_as_a_whole(path, clock, settlements)
    assert list(store.outbox.settle(settlements)) == [batch.id]
    assert store.ledger.count(scope()) == 3


@pytest.mark.parametrize("wrong", ["missing", "surplus", "none"])
def test_verdicts_that_are_not_those_of_the_batch_are_refused(
    store: SqliteStore, clock: FrozenClock, path: Path, wrong: str
) -> None:
    fill(store, 1, 6)
    good, bad = (settlement(batch) for batch in claim(store, policy=THREES, batches=2))
    verdicts = dict(bad.verdicts)
    match wrong:
        case "missing":
            verdicts.popitem()
        case "surplus":
            verdicts[MessageId(99)] = DELIVERED
        case _:
            verdicts.clear()
    settlements = [good, replace(bad, verdicts=verdicts)]

    assert refused_as_a_whole(path, clock, settlements)
    before = rows(path)
    with pytest.raises(OutboxError, match=f"settlement of batch {bad.batch} does not name exactly"):
        store.outbox.settle(settlements)
    assert rows(path) == before


def test_change_that_the_database_refuses_leaves_everything_as_it_was(
    store: SqliteStore, path: Path
) -> None:
    fill(store, 1, 3)
    [batch] = claim(store)
    spoil_sums(path)
    before = rows(path)

    with pytest.raises(OutboxError, match="CHECK constraint failed"):
        settle(store, batch)

    assert rows(path) == before


def test_message_of_another_batch_is_refused(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    fill(store, 1, 6)
    first, second = (settlement(batch) for batch in claim(store, policy=THREES, batches=2))
    swapped = [
        replace(first, verdicts=second.verdicts),
        replace(second, verdicts=first.verdicts),
    ]

    assert refused_as_a_whole(path, clock, swapped)
    with pytest.raises(OutboxError):
        store.outbox.settle(swapped)


def test_order_of_the_verdicts_makes_no_difference(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    settlements = additions(store, clock)
    twin = copy(path)
    with opened_file(twin) as database, database.write() as tables:
        assert settle_wholesale(tables, settlements, now=to_micros(clock.now()))

    lost = store.outbox.settle(
        [replace(one, verdicts=dict([*one.verdicts.items()][::-1])) for one in settlements]
    )

    assert list(lost) == []
    assert rows(path) == rows(twin)


def test_one_bad_verdict_is_enough_for_steps(
    store: SqliteStore, clock: FrozenClock, path: Path
) -> None:
    fill(store, 1, 3)
    [batch] = claim(store)
    settlements = [settlement(batch, DELIVERED, buried(), DELIVERED)]

    assert refused_as_a_whole(path, clock, settlements)
    assert list(store.outbox.settle(settlements)) == []
    assert store.ledger.count(scope()) == 2

"""A file of the first schema, with work under way in it, goes on under the present one."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.profiles import key_of
from petiole.adapters.sqlite.schema import STEPS
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import LetterSelection
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint, arm
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import (
    ALL,
    MINUTE,
    NEWSLETTER,
    claim,
    deliver_everything,
    numbers,
)
from tests.adapters.sqlite.older import older_file

PROCESSES = 5
STATES = ["pending", "pending", "in_flight", "delivered", "folded", "parked", "dead", "pending"]
"""Of the messages from 1 on, each of a customer of its own but the second, which stands behind the
first, and the fifth, which was folded into it; the last waits for a later try."""

BATCH = """
INSERT INTO batch (id, connection, owner, claimed_at, lease_until, settled_at)
VALUES (?, 'newsletter', 'gone', ?, 4000000000000000, ?)
"""
MESSAGE = """
INSERT INTO message (
    id, event, profile, connection, segment, kind, fields, weight_bytes, state, head, attempts,
    due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason
) VALUES (
    :id, :event, :profile, 'newsletter', '4711', 'add', :fields, 2, :state, :head, 1,
    :due_at, :batch, :now, :now, :settled_at, :folded_into, :code, :reason
)
"""


def customer(number: int) -> int:
    return 1 if number in {2, 5} else number


def made_then(path: Path, clock: FrozenClock) -> None:
    """Make a file as the first release left it behind when it was killed."""
    now = to_micros(clock.now())
    with older_file(path, before="0002") as connection:
        for number in {customer(id_) for id_ in range(1, len(STATES) + 1)}:
            who = person(number)
            connection.execute(
                "INSERT INTO profile VALUES (?, ?, ?, ?, ?)",
                (number, key_of(scope().account, who), scope().account, who.type, who.value),
            )
        for batch in ((1, now, None), (2, now, now)):
            connection.execute(BATCH, batch)
        for id_, state in enumerate(STATES, start=1):
            is_over = state in {"delivered", "folded", "parked", "dead"}
            has_failed = state in {"parked", "dead"}
            row = {
                "id": id_,
                "event": f"e{id_}",
                "profile": customer(id_),
                "fields": None if state == "folded" else "{}",
                "state": state,
                "head": id_ != 2 and state in {"pending", "in_flight", "parked"},
                "due_at": to_micros(clock.now() + MINUTE) if id_ == len(STATES) else None,
                "batch": {"pending": None, "folded": None, "in_flight": 1}.get(state, 2),
                "now": now,
                "settled_at": now if is_over else None,
                "folded_into": 1 if state == "folded" else None,
                "code": "105" if has_failed else "",
                "reason": "field 'x' is unknown" if has_failed else "",
            }
            connection.execute(MESSAGE, row)
        connection.execute(
            "INSERT INTO tally VALUES ('newsletter', 8, 3, 1, 1, 1, 1, 1, 0)",
        )
        connection.execute(
            "INSERT INTO connection_state VALUES ('newsletter', 2, NULL, 'operator', 'a pause')"
        )


@pytest.fixture
def old(path: Path, clock: FrozenClock) -> Path:
    made_then(path, clock)
    return path


@pytest.fixture
def updated(old: Path, clock: FrozenClock) -> Iterator[SqliteStore]:
    with open_store(old, clock=clock) as store:
        yield store


def test_sums_are_those_of_before(updated: SqliteStore) -> None:
    tally = updated.bookkeeping.tally(NEWSLETTER)

    assert tally.balanced
    assert tally == updated.bookkeeping.audit(NEWSLETTER)
    assert tally[MessageState.DEAD] == tally[MessageState.PARKED] == 1


def test_open_batch_is_abandoned_and_goes_on_in_the_next_epoch(updated: SqliteStore) -> None:
    assert updated.outbox.backlog(NEWSLETTER, ALL).abandoned == 1

    [batch] = claim(updated)

    assert (batch.id, batch.epoch, batch.recovered, numbers(batch)) == (1, 2, True, [3])
    assert [message.attempt for message in batch.messages] == [2]


def test_everything_that_was_pending_is_sent_in_order(
    updated: SqliteStore, clock: FrozenClock
) -> None:
    now = [message.id for message in deliver_everything(updated)]
    clock.advance(MINUTE)
    later = [message.id for message in deliver_everything(updated)]

    assert (now, later) == ([3, 1, 2], [8])


def test_letters_have_their_fingerprints(updated: SqliteStore) -> None:
    failure = failure_fingerprint("105", "field 'y' is unknown")

    [dead] = updated.dead_letters.letters(LetterSelection(failure=failure), limit=9)
    [parked] = updated.dead_letters.groups(LetterSelection(state=MessageState.PARKED))

    assert (dead.id, dead.code, dead.edit) == (7, "105", None)
    assert (parked.failure, parked.letters) == (failure, 1)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, [Step.ENQUEUED, Step.ENQUEUED, Step.ENQUEUED, Step.FOLDED]),
        (3, [Step.ENQUEUED, Step.SENT]),
        (4, [Step.ENQUEUED, Step.SENT, Step.DELIVERED]),
        (7, [Step.ENQUEUED, Step.SENT, Step.DEAD]),
    ],
)
def test_life_is_told_as_far_as_it_was_kept(
    updated: SqliteStore, number: int, expected: list[Step]
) -> None:
    life = updated.history.life(scope().account, NEWSLETTER, person(number))

    assert [happening.step for happening in life] == expected


def test_ids_and_states_are_remembered(updated: SqliteStore) -> None:
    again = updated.outbox.enqueue([change(4, id_="e4")], folding=True)
    new = updated.outbox.enqueue([change(9)], folding=True)

    assert (again.repeated, new.enqueued) == (1, 1)
    assert updated.states.state(NEWSLETTER).reason == "a pause"
    assert max(message.id for message in deliver_everything(updated)) == len(STATES) + 1


def test_profile_and_kind_stay_with_the_message(updated: SqliteStore) -> None:
    [batch] = claim(updated)

    [message] = batch.messages
    assert (message.change.identifier, message.change.kind) == (person(3), ChangeKind.ADD)
    assert json.loads(message.change.fields.text) == {}


def migrate(path: Path, start: Barrier) -> None:
    start.wait()
    open_database(path).close()


def test_processes_that_start_at_once_all_find_it_updated(old: Path) -> None:
    context = get_context("spawn")
    start = context.Barrier(PROCESSES)
    processes = [context.Process(target=migrate, args=(old, start)) for _ in range(PROCESSES)]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * PROCESSES
    with closing(sqlite3.connect(old)) as tables:
        applied = tables.execute("SELECT name FROM _sqlite_migrations ORDER BY id").fetchall()
        faults = tables.execute("PRAGMA foreign_key_check").fetchall()
    assert (applied, faults) == ([(name,) for name in STEPS], [])


def test_update_that_breaks_off_leaves_the_file_as_it_was(old: Path, clock: FrozenClock) -> None:
    def die(point: FailPoint) -> None:
        raise RuntimeError(point)

    arm(die)
    try:
        with pytest.raises(RuntimeError, match=r"migration\.written"):
            open_database(old)
    finally:
        arm(None)

    with closing(sqlite3.connect(old)) as tables:
        applied = tables.execute("SELECT name FROM _sqlite_migrations").fetchall()
        [(messages,)] = tables.execute("SELECT count(*) FROM message").fetchall()
    assert (applied, messages) == ([("0001",)], len(STATES))
    with open_store(old, clock=clock) as store:
        assert store.bookkeeping.audit(NEWSLETTER).enqueued == len(STATES)

"""A file of the third schema: what its messages say is moved, and nothing else of them changes."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.profiles import key_of
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.failure import failure_fingerprint
from petiole.core.domain.message import MessageState
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import NEWSLETTER, deliver_everything
from tests.adapters.sqlite.older import older_file
from tests.contracts.stores import refuse_loose_ends

STATES = ["pending", "folded", "pending", "in_flight", "delivered", "parked", "dead", "erased"]
"""Of the messages from 1 on, each of a customer of its own but the second, which was folded into
the first, and the third, which stands behind it: it was dead, edited and sent again."""
FIELDS = {1: '{"n":1}', 3: '{"n":3}', 4: "{}", 5: '{"n":5}', 6: '{"n":6}', 7: '{"n":7}'}
EDITS = {3: '{"city":"Gent"}', 6: '{"city":"Köln"}'}
LAST_ID = 99
"""Of the last message that the file ever held; those after the eighth are forgotten."""

COLUMNS = (
    "id, event, profile, connection, segment, kind, fingerprint, weight_bytes, state, head,"
    " attempts, due_at, batch, occurred_at, enqueued_at, settled_at, folded_into, code, reason,"
    " failure, first_kind, tick, superseded"
)
"""Of a message, those that stay."""
MESSAGE = f"""
INSERT INTO message ({COLUMNS}, fields, edit) VALUES (
    :id, 'e' || :id, :profile, 'newsletter', '4711', 'add', :fingerprint, :id, :state, :head,
    :id, :due_at, :batch, :now, :now + :id, :settled_at, :folded_into, :code, :reason,
    :failure, :first_kind, :id * 10, :id = 7, :fields, :edit
)
"""  # noqa: S608 - names of columns
PROFILE = "INSERT OR IGNORE INTO profile VALUES (?, ?, ?, ?, ?)"
BATCH = """
INSERT INTO batch (id, connection, owner, claimed_at, lease_ends, settled_at)
VALUES (?, 'newsletter', 'gone', 0, 0, ?)
"""
TALLY = """
INSERT INTO tally (
    connection, enqueued, pending, in_flight, delivered, folded, parked, dead, erased
) VALUES ('newsletter', 8, 2, 1, 1, 1, 1, 1, 1)
"""

Rows: TypeAlias = Sequence[tuple[object, ...]]


def customer(number: int) -> int:
    return 1 if number <= 3 else number


def row(number: int, now: int) -> dict[str, object]:
    state = STATES[number - 1]
    failure = failure_fingerprint("105", "no") if state in {"parked", "dead"} else None
    return {
        "id": number,
        "profile": customer(number),
        "fingerprint": bytes([number]) if number in FIELDS else None,
        "state": state,
        "head": {1: 1, 3: 0, 4: 1, 6: 1}.get(number),
        "due_at": now if number == 3 else None,
        "batch": {1: None, 2: None, 4: 1}.get(number, 2),
        "now": now,
        "settled_at": None if state in {"pending", "in_flight"} else now + number,
        "folded_into": 1 if state == "folded" else None,
        "code": "105" if failure else "",
        "reason": "no" if failure else "",
        "failure": failure,
        "first_kind": "remove" if number == 1 else None,
        "fields": FIELDS.get(number),
        "edit": EDITS.get(number),
    }


@pytest.fixture
def old(path: Path, clock: FrozenClock) -> Path:
    """Make a file as the release before left it."""
    numbers = range(1, len(STATES) + 1)
    with older_file(path, before="0004") as connection:
        account = scope().account
        for number in map(customer, numbers):
            who = person(number)
            profile = (number, key_of(account, who), account, who.type, who.value)
            connection.execute(PROFILE, profile)
        connection.executemany(BATCH, [(1, None), (2, 0)])
        connection.executemany(MESSAGE, [row(number, to_micros(clock.now())) for number in numbers])
        connection.execute(TALLY)
        connection.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'message'", (LAST_ID,))
    return path


@pytest.fixture
def updated(old: Path, clock: FrozenClock) -> Iterator[SqliteStore]:
    with open_store(old, clock=clock) as store:
        yield store
    refuse_loose_ends(old)


def asked(path: Path, question: str) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def kept(path: Path) -> tuple[Rows, Rows]:
    """Read the messages but for what they say, and the indexes on them."""
    messages = asked(path, f"SELECT {COLUMNS} FROM message ORDER BY id")  # noqa: S608 - names of columns
    indexes = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'message'"
    return messages, asked(path, f"{indexes} ORDER BY name")


def test_fields_and_edits_are_moved(old: Path) -> None:
    open_database(old).close()

    rows = asked(old, "SELECT message, fields, edit FROM content ORDER BY message")
    assert rows == [(number, text, EDITS.get(number)) for number, text in FIELDS.items()]
    refuse_loose_ends(old)


def test_nothing_else_is_changed(old: Path) -> None:
    before = kept(old)

    open_database(old).close()

    assert len(before[0]) == len(STATES)
    assert kept(old) == before


def test_columns_of_before_are_gone(old: Path) -> None:
    open_database(old).close()

    names = [str(name) for (name,) in asked(old, "SELECT name FROM pragma_table_info('message')")]
    assert sorted(names) == sorted(COLUMNS.split(", "))


@pytest.mark.parametrize("forgotten", ["id = 8", "true"])
def test_number_of_a_forgotten_message_is_not_given_again(
    old: Path, clock: FrozenClock, forgotten: str
) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(f"DELETE FROM message WHERE {forgotten}")  # noqa: S608 - see above

    with open_store(old, clock=clock) as store:
        store.outbox.enqueue([change(20)], folding=True)

    assert asked(old, "SELECT max(id) FROM message") == [(LAST_ID + 1,)]


def test_letters_keep_their_fields_and_edits(updated: SqliteStore) -> None:
    [parked] = updated.dead_letters.letters(LetterSelection(state=MessageState.PARKED), limit=9)
    [dead] = updated.dead_letters.letters(LetterSelection(), limit=9)

    assert (parked.fields.text, parked.edit and parked.edit.text) == (FIELDS[6], EDITS[6])
    assert (dead.fields.text, dead.edit) == (FIELDS[7], None)


def test_everything_is_sent_with_what_was_laid_over_it(updated: SqliteStore) -> None:
    for state in (MessageState.PARKED, MessageState.DEAD):
        selection = LetterSelection(state=state)
        updated.dead_letters.decide(selection, Decision.RESEND_ANYWAY, by="Noor")

    said = {message.id: message.change.fields.values() for message in deliver_everything(updated)}

    assert said == {
        1: {"n": 1},
        3: {"n": 3, "city": "Gent"},
        4: {},
        6: {"n": 6, "city": "Köln"},
        7: {"n": 7},
    }
    assert updated.bookkeeping.tally(NEWSLETTER) == updated.bookkeeping.audit(NEWSLETTER)

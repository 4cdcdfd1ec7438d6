"""Batches that are read together are those that would be read message by message."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from petiole.adapters.sqlite import SqliteStore, ready, staged
from petiole.adapters.sqlite.claimed import Claimed
from petiole.adapters.sqlite.claims import Claim
from petiole.core.domain.batching import BatchPolicy, Claiming
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.settlement import Retry
from petiole.testing.changes import MOMENT, change, person, scope, snapshot, weighing
from petiole.testing.contracts.runs import NEWSLETTER, WELCOME, buried, claim, settle

ADD, UPDATE, REMOVE = ChangeKind
SIZE = ready.WORTHWHILE
TENS = BatchPolicy(max_profiles=SIZE)
WORDS = ['a "quoted" word', "two\nlines\x1e\x1f\x00", "Zürich 🌿", "\\u001e", "", "a,b", "\u2028"]


def read(
    store: SqliteStore,
    monkeypatch: pytest.MonkeyPatch,
    policy: BatchPolicy = TENS,
    *,
    most: int = 5,
    partial: bool = True,
) -> tuple[Sequence[Sequence[Message]], int]:
    """Read batches in both ways, see that they are the same, and tell how many came together."""
    together: list[bool] = []
    read_together = ready._together

    def counted(
        connection: sqlite3.Connection, name: ConnectionName, policy: BatchPolicy, after: int
    ) -> ready.Ready | None:
        one = read_together(connection, name, policy, after)
        together.append(one is not None)
        return one

    def batches() -> Sequence[tuple[int, int, list[int], list[Message]]]:
        with store.outbox._database.read() as tables:
            found = ready.ready(tables, NEWSLETTER, policy, most, partial=partial)
        return [(one.first, one.last, json.loads(one.ids), list(one.messages)) for one in found]

    with monkeypatch.context() as patched:
        patched.setattr(ready, "WORTHWHILE", policy.max_profiles + 1)
        one_by_one = batches()
        patched.setattr(ready, "WORTHWHILE", 1)
        patched.setattr(ready, "_together", counted)
        assert batches() == one_by_one
    for first, last, ids, messages in one_by_one:
        assert ids == [message.id for message in messages]
        assert (first, last) == (ids[0], ids[-1])
    return [messages for *_, messages in one_by_one], sum(together)


def additions(number: int, *, start: int = 0) -> list[ProfileChange]:
    return [
        change(n, fields={"n": n, "word": WORDS[n % len(WORDS)]})
        for n in range(start, start + number)
    ]


def test_full_batches_are_read_together(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = additions(3 * SIZE + 1)
    store.outbox.enqueue(changes, folding=False)

    batches, together = read(store, monkeypatch)

    assert together == 3
    assert [message.change for messages in batches for message in messages] == changes


def test_most_is_not_exceeded(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.outbox.enqueue(additions(4 * SIZE), folding=False)

    batches, together = read(store, monkeypatch, most=2)

    assert (len(batches), together) == (2, 2)


def test_rest_is_a_batch_only_if_it_may_be(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.outbox.enqueue(additions(SIZE + 1), folding=False)

    with_rest, _ = read(store, monkeypatch, partial=True)
    full, together = read(store, monkeypatch, partial=False)

    assert list(map(len, with_rest)) == [SIZE, 1]
    assert list(map(len, full)) == [SIZE]
    assert together == 1


def test_messages_between_which_others_stand_are_read_together(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in additions(SIZE):
        elsewhere = change(Identifier.email(f"{one.identifier.value}@example.org"))
        other = replace(elsewhere, scope=scope(WELCOME))
        store.outbox.enqueue([one, other], folding=False)

    [messages], together = read(store, monkeypatch)

    assert together == 1
    assert messages[-1].id - messages[0].id == 2 * (SIZE - 1)


@pytest.mark.parametrize("kind", [UPDATE, REMOVE])
def test_messages_without_fingerprints_are_read_together(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, kind: ChangeKind
) -> None:
    store.outbox.enqueue([change(n, kind) for n in range(SIZE)], folding=False)

    [messages], together = read(store, monkeypatch)

    assert together == 1
    assert {message.change.fingerprint for message in messages} == {None}


def test_hashed_addresses_are_read_together(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [Identifier.email(f"jo.{n}@example.org") for n in range(SIZE)]
    store.outbox.enqueue([change(one) for one in people], folding=False)

    [messages], together = read(store, monkeypatch)

    assert together == 1
    assert [message.change.identifier for message in messages] == people


@pytest.mark.parametrize(
    "odd",
    [
        change(0, UPDATE),
        replace(change(0), fingerprint=None),
        replace(change(0), scope=scope(segment="another")),
        replace(change(0), occurred_at=MOMENT - timedelta(microseconds=1)),
        change(0, id_="event\x1e1"),
        change(Identifier.email("jo@example.org")),
    ],
    ids=["kind", "no fingerprint", "segment", "moment", "id", "identifier"],
)
def test_batch_with_an_odd_one_is_read_one_by_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, odd: ProfileChange
) -> None:
    changes = [*additions(SIZE - 1, start=1), odd]
    store.outbox.enqueue(changes, folding=False)

    [messages], together = read(store, monkeypatch)

    assert together == 0
    assert [message.change for message in messages] == changes


def test_one_of_another_attempt_is_read_by_itself(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.outbox.enqueue(additions(SIZE), folding=False)
    settle(store, claim(store, policy=BatchPolicy(max_profiles=1))[0], Retry(MOMENT, "503", ""))
    with store.outbox._database.write() as tables:
        tables.execute("UPDATE message SET due_at = NULL")

    [messages], together = read(store, monkeypatch)

    assert together == 0
    assert [message.attempt for message in messages] == [2] + [1] * (SIZE - 1)


def test_edited_one_is_read_by_itself(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.outbox.enqueue(additions(SIZE), folding=False)
    [batch] = claim(store)
    settle(store, batch, buried())
    edit = Fields.of({"word": "mended"})
    store.dead_letters.edit(batch.messages[3].id, edit, by="Noor")
    store.dead_letters.decide(LetterSelection(), Decision.RESEND, by="Noor")

    [messages], together = read(store, monkeypatch)

    assert together == 0
    assert messages[3].change.fields.values()["word"] == "mended"


@pytest.mark.parametrize(
    ("max_bytes", "sizes"), [(100 * SIZE + 1, [SIZE]), (100 * SIZE, [SIZE]), (350, [3, 3, 3, 1])]
)
def test_heavy_messages_are_parted_by_weight(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, max_bytes: int, sizes: list[int]
) -> None:
    store.outbox.enqueue([weighing(n, 100) for n in range(SIZE)], folding=False)
    policy = BatchPolicy(max_profiles=SIZE, max_bytes=max_bytes)

    batches, together = read(store, monkeypatch, policy)

    assert list(map(len, batches)) == sizes
    assert together == (max_bytes > 100 * SIZE)


def test_small_batches_are_not_worth_while(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.outbox.enqueue(additions(SIZE), folding=False)
    monkeypatch.setattr(ready, "_TOGETHER", "SELECT this is no SQL")

    [batch] = claim(store, policy=BatchPolicy(max_profiles=SIZE - 1))

    assert len(batch.messages) == SIZE - 1


def test_claimed_messages_can_be_looked_at_again(store: SqliteStore) -> None:
    store.outbox.enqueue(additions(SIZE), folding=False)

    [batch] = claim(store, policy=TENS)

    assert len(batch.messages) == SIZE
    assert list(batch.messages) == list(batch.messages)
    assert batch.messages[0].change.identifier == person(0)
    assert len(batch.messages) == SIZE


def test_messages_that_cannot_be_made_are_never_none_at_all() -> None:
    def broken() -> list[Message]:
        raise ZeroDivisionError

    claimed = Claimed(2, broken)

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            list(claimed)


def test_whatever_order_columns_are_joined_in_each_message_gets_its_own(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = additions(SIZE)
    store.outbox.enqueue(changes, folding=False)
    monkeypatch.setattr(ready, "_TOGETHER", backwards(ready._TOGETHER))

    [batch] = claim(store, policy=TENS)

    said = {message.id: message.change for message in batch.messages}
    assert list(said) == list(range(SIZE, 0, -1))
    assert [said[MessageId(n)] for n in range(1, SIZE + 1)] == changes


def test_whatever_order_is_staged_in_each_message_gets_its_own(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for statement in ("_ALIKE", "_TOGETHER"):
        monkeypatch.setattr(staged, statement, backwards(getattr(staged, statement)))
    profiles = {n: {"n": n} for n in range(1, SIZE + 1)}  # the last begins like the first
    claiming = Claiming(policy=TENS, batches=1, lease=timedelta(minutes=1))

    with store.ledger.compare(scope(), snapshot(*profiles.items()), mirror=False) as comparison:
        entering = comparison.entering(MOMENT, folding=True, removing=False)
        entered = entering.part(claiming)

    assert entered is not None
    [batch] = entered.batches
    with store.outbox._database.read() as tables:
        held = Claim(
            connection=tables,
            runners=store.outbox._runners,
            name=NEWSLETTER,
            now=0,
            uptime=0,
            lease=0,
        ).batch(batch.id)
    assert list(batch.messages) == list(held.messages)[::-1]


def backwards(sql: str) -> str:
    """Join the same rows in the opposite order, as another SQLite might."""
    before, found, after = sql.partition("FROM (")
    inner, _, rest = after.rpartition(")")
    assert found
    return f"{before} FROM (SELECT * FROM ({inner}) ORDER BY 1 DESC) {rest}"  # noqa: S608 - of constants

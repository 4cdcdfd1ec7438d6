"""The check of the files that tests leave behind finds what SQLite lets pass."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import open_store
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.testing.changes import change
from petiole.testing.contracts.runs import buried, end
from tests.contracts.stores import refuse_loose_ends


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Leave an erased message, a pending one, and one that is folded into that."""
    path = tmp_path / "petiole.db"
    with open_store(path, clock=FrozenClock()) as store:
        end(store, 1, buried())
        store.dead_letters.decide(LetterSelection(), Decision.DISCARD, by="Noor")
        store.outbox.enqueue([change(2), change(2, ChangeKind.UPDATE)], folding=True)
    refuse_loose_ends(path)
    return path


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        ("UPDATE message SET profile = 99", "lead nowhere"),
        ("INSERT INTO content (message, fields) VALUES (99, '{}')", "lead nowhere"),
        ("DELETE FROM content WHERE message = 2", "without content"),
        ("INSERT INTO content (message, fields) VALUES (1, '{}')", "still have content"),
        ("INSERT INTO content (message, fields) VALUES (3, '{}')", "still have content"),
    ],
)
def test_loose_end_is_refused(path: Path, spoil: str, complaint: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(spoil)

    with pytest.raises(AssertionError, match=complaint):
        refuse_loose_ends(path)

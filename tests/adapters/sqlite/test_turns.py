"""Whose turn it is when letters come back to their lines."""

from petiole.adapters.memory import FrozenClock
from petiole.adapters.sqlite import SqliteStore
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.settlement import Retry
from petiole.testing.changes import change
from petiole.testing.contracts.runs import MINUTE, NEWSLETTER, buried, claim, settle

UPDATE = ChangeKind.UPDATE
RETRIED = Retry(FrozenClock().now() + 5 * MINUTE, "503", "down")


def ids(store: SqliteStore) -> list[int]:
    return [message.id for batch in claim(store) for message in batch.messages]


def test_wait_of_a_change_that_steps_back_is_not_forgotten(
    store: SqliteStore, clock: FrozenClock
) -> None:
    store.outbox.enqueue([change(1), change(1, UPDATE)], folding=False)
    settle(store, claim(store)[0], buried())
    settle(store, claim(store)[0], RETRIED)
    store.dead_letters.decide(LetterSelection(), Decision.RESEND, by="Noor")
    settle(store, claim(store)[0])

    waiting = store.outbox.backlog(NEWSLETTER, BatchPolicy())
    clock.advance(5 * MINUTE)

    assert (waiting.claimable, waiting.next_due_at) == (0, RETRIED.due_at)
    assert ids(store) == [2]

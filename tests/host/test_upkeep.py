"""What a running host does between deliveries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from petiole.adapters.memory import FrozenClock, MemoryStore
from petiole.core.domain.breaker import Flow, PauseReason, paused
from petiole.core.domain.change import AccountName, ConnectionName
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening
from petiole.core.errors import OutboxBusy
from petiole.core.ports.history import History
from petiole.hooks import Secret
from petiole.host.secret_watch import SecretWatch
from petiole.host.upkeep import PRUNE_PAUSE, PRUNE_REST, PRUNE_STEP, WATCH_EVERY, Upkeep
from petiole.testing.changes import change, person
from petiole.testing.contracts.runs import deliver_everything

NEWSLETTER = ConnectionName("newsletter")
MONTH = timedelta(days=30)
STEPS = 3


@pytest.fixture
def store(clock: FrozenClock) -> MemoryStore:
    return MemoryStore(clock=clock)


def keeper(
    store: MemoryStore, clock: FrozenClock, *, history: History | None = None, secret: str = "NONE"
) -> Upkeep:
    watch = SecretWatch({NEWSLETTER: [Secret("file", secret)]}, states=store.states, clock=clock)
    return Upkeep(watch=watch, history=history or store.history, clock=clock, retention=MONTH)


def fill(store: MemoryStore, count: int) -> None:
    store.outbox.enqueue([change(number) for number in range(count)], folding=False)
    deliver_everything(store)


def left(store: MemoryStore) -> int:
    return store.bookkeeping.audit(NEWSLETTER).enqueued


def test_old_messages_are_forgotten_a_little_at_a_time(
    store: MemoryStore, clock: FrozenClock
) -> None:
    fill(store, 2 * PRUNE_STEP + 1)
    clock.advance(MONTH + timedelta(days=1))
    upkeep = keeper(store, clock)
    counts = []

    for _ in range(STEPS):
        clock.advance(PRUNE_PAUSE)
        upkeep.step()
        upkeep.step()
        counts.append(left(store))

    assert counts == [PRUNE_STEP + 1, 1, 0]


def test_young_messages_are_kept_until_their_time_has_come(
    store: MemoryStore, clock: FrozenClock
) -> None:
    fill(store, 1)
    upkeep = keeper(store, clock)
    clock.advance(MONTH - timedelta(minutes=1))
    upkeep.step()
    before = left(store)

    clock.advance(PRUNE_REST)
    upkeep.step()

    assert (before, left(store)) == (1, 0)
    assert store.history.life(AccountName("shop"), NEWSLETTER, person(0)) == []


def test_work_in_the_foreground_catches_up_at_its_end(
    store: MemoryStore, clock: FrozenClock
) -> None:
    fill(store, 2 * PRUNE_STEP + 1)
    clock.advance(MONTH + timedelta(days=1))

    keeper(store, clock).catch_up()

    assert left(store) == 0


def test_trouble_with_the_outbox_is_left_to_the_relay(
    store: MemoryStore, clock: FrozenClock
) -> None:
    upkeep = keeper(store, clock, history=BusyHistory())
    clock.advance(PRUNE_PAUSE)

    upkeep.step()

    clock.advance(PRUNE_PAUSE)
    upkeep.step()


class BusyHistory:
    """A history that another program locks."""

    def life(
        self, account: AccountName, connection: ConnectionName, identifier: Identifier
    ) -> Sequence[Happening]:
        raise OutboxBusy("locked")

    def prune(self, before: datetime, *, limit: int) -> int:
        raise OutboxBusy("locked")


def test_changed_secret_is_seen_within_moments(
    store: MemoryStore, clock: FrozenClock, tmp_path: Path
) -> None:
    secret = tmp_path / "token"
    secret.write_text("old", encoding="utf-8")
    upkeep = keeper(store, clock, secret=str(secret))
    store.states.change(
        NEWSLETTER,
        lambda state: paused(state, PauseReason.CREDENTIALS, "refused", now=clock.now()),
    )
    upkeep.step()
    before = store.states.state(NEWSLETTER).flow(clock.now())
    secret.write_text("new", encoding="utf-8")

    clock.advance(timedelta(seconds=2))
    upkeep.step()

    assert before is Flow.PAUSED
    assert store.states.state(NEWSLETTER).flow(clock.now()) is Flow.PROBING


def test_it_is_asked_again_soon_only_while_there_is_something_to_see(
    store: MemoryStore, clock: FrozenClock
) -> None:
    upkeep = keeper(store, clock)
    clock.advance(PRUNE_PAUSE)
    at_rest = upkeep.step()
    store.states.change(
        NEWSLETTER,
        lambda state: paused(state, PauseReason.CREDENTIALS, "refused", now=clock.now()),
    )

    just_looked = upkeep.step()
    clock.advance(WATCH_EVERY)
    waiting = upkeep.step()

    assert (at_rest, just_looked, waiting) == (PRUNE_REST, WATCH_EVERY, WATCH_EVERY)


def test_it_is_asked_again_soon_while_there_is_more_to_forget(
    store: MemoryStore, clock: FrozenClock
) -> None:
    fill(store, PRUNE_STEP + 1)
    clock.advance(MONTH + timedelta(days=1))
    upkeep = keeper(store, clock)
    clock.advance(PRUNE_PAUSE)

    more = upkeep.step()

    clock.advance(WATCH_EVERY)
    assert (more, upkeep.step()) == (PRUNE_PAUSE, PRUNE_REST)

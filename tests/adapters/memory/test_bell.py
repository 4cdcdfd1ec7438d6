"""When the bell in memory keeps silent."""

from petiole.adapters.memory import FrozenClock, MemoryStore
from petiole.core.domain.breaker import HEALTHY, ConnectionState, PauseReason, paused
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.testing.changes import MOMENT, change
from petiole.testing.contracts.runs import NEWSLETTER, buried, deliver, end


def stop(state: ConnectionState) -> ConnectionState:
    return paused(state, PauseReason.CREDENTIALS, "token refused", now=MOMENT)


def test_nothing_new_rings_no_bell() -> None:
    store = MemoryStore(clock=FrozenClock())
    store.outbox.enqueue([change(1, id_="a")], folding=True)
    rings: list[str] = []

    with store.bell.listen(lambda: rings.append("ring")):
        store.outbox.enqueue([change(1, id_="a")], folding=True)
        store.outbox.enqueue([], folding=True)

    assert rings == []


def test_decision_that_moves_nothing_rings_no_bell() -> None:
    store = MemoryStore(clock=FrozenClock())
    end(store, 1, buried())
    deliver(store, change(1))
    rings: list[str] = []

    with store.bell.listen(lambda: rings.append("ring")):
        store.dead_letters.decide(LetterSelection(), Decision.RESEND, by="Noor")

    assert rings == []


def test_state_that_no_person_changed_rings_no_bell() -> None:
    store = MemoryStore(clock=FrozenClock())
    rings: list[str] = []

    with store.bell.listen(lambda: rings.append("ring")):
        store.states.change(NEWSLETTER, stop)
        store.states.change(NEWSLETTER, lambda state: state, by="Noor")
        store.states.change(NEWSLETTER, lambda _: HEALTHY)

    assert rings == []

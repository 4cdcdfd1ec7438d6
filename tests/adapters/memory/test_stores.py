"""Everything that is stored in memory keeps its promises."""

import pytest

from petiole.adapters.memory import FrozenClock, MemoryState, MemoryStore
from petiole.testing.contracts.bell import BellContract
from petiole.testing.contracts.bookkeeping import BookkeepingContract
from petiole.testing.contracts.connection_states import ConnectionStatesContract
from petiole.testing.contracts.dead_letters import DeadLettersContract
from petiole.testing.contracts.history import HistoryContract
from petiole.testing.contracts.ledger import LedgerContract
from petiole.testing.contracts.outbox import OutboxContract
from petiole.testing.stands import Store, StoreStand


class MemoryStand:
    """One state in memory, and its runners."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self._state = MemoryState()

    def open(self) -> MemoryStore:
        return MemoryStore(clock=self.clock, state=self._state)

    def kill(self, store: Store) -> None:
        assert isinstance(store, MemoryStore)
        store.close()


class InMemory:
    @pytest.fixture
    def stand(self) -> StoreStand:
        return MemoryStand()


class TestOutbox(InMemory, OutboxContract):
    """`MemoryOutbox`."""


class TestLedger(InMemory, LedgerContract):
    """`MemoryLedger`."""


class TestBookkeeping(InMemory, BookkeepingContract):
    """`MemoryBookkeeping`."""


class TestDeadLetters(InMemory, DeadLettersContract):
    """`MemoryDeadLetters`."""


class TestHistory(InMemory, HistoryContract):
    """`MemoryHistory`."""


class TestConnectionStates(InMemory, ConnectionStatesContract):
    """`MemoryConnectionStates`."""


class TestBell(InMemory, BellContract):
    """`MemoryBell`."""

"""Everything that is stored keeps its promises, in memory and on disk."""

import pytest

from petiole.testing.contracts.bookkeeping import BookkeepingContract
from petiole.testing.contracts.connection_states import ConnectionStatesContract
from petiole.testing.contracts.ledger import LedgerContract
from petiole.testing.contracts.outbox import OutboxContract
from petiole.testing.contracts.parking import ParkingContract
from petiole.testing.stands import StoreStand
from tests.contracts.stores import MemoryStand, SqliteStand


class InMemory:
    @pytest.fixture
    def stand(self, memory_stand: MemoryStand) -> StoreStand:
        return memory_stand


class OnDisk:
    @pytest.fixture
    def stand(self, sqlite_stand: SqliteStand) -> StoreStand:
        return sqlite_stand


class TestMemoryOutbox(InMemory, OutboxContract):
    """`petiole.adapters.memory`."""


class TestSqliteOutbox(OnDisk, OutboxContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryLedger(InMemory, LedgerContract):
    """`petiole.adapters.memory`."""


class TestSqliteLedger(OnDisk, LedgerContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryBookkeeping(InMemory, BookkeepingContract):
    """`petiole.adapters.memory`."""


class TestSqliteBookkeeping(OnDisk, BookkeepingContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryParking(InMemory, ParkingContract):
    """The way out of parking in memory."""


class TestSqliteParking(OnDisk, ParkingContract):
    """The way out of parking in SQLite."""


class TestMemoryConnectionStates(InMemory, ConnectionStatesContract):
    """`petiole.adapters.memory`."""


class TestSqliteConnectionStates(OnDisk, ConnectionStatesContract):
    """`petiole.adapters.sqlite`."""

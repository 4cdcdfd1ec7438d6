"""Everything that is stored keeps its promises, in memory and on disk."""

import pytest

from petiole.testing.contracts.bell import BellContract
from petiole.testing.contracts.bookkeeping import BookkeepingContract
from petiole.testing.contracts.connection_states import ConnectionStatesContract
from petiole.testing.contracts.dead_letters import DeadLettersContract
from petiole.testing.contracts.engagement_books import EngagementBooksContract
from petiole.testing.contracts.engagements import EngagementsContract
from petiole.testing.contracts.history import HistoryContract
from petiole.testing.contracts.ledger import LedgerContract
from petiole.testing.contracts.outbox import OutboxContract
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


class TestMemoryDeadLetters(InMemory, DeadLettersContract):
    """`petiole.adapters.memory`."""


class TestSqliteDeadLetters(OnDisk, DeadLettersContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryHistory(InMemory, HistoryContract):
    """`petiole.adapters.memory`."""


class TestSqliteHistory(OnDisk, HistoryContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryBell(InMemory, BellContract):
    """`petiole.adapters.memory`."""


class TestSqliteBell(OnDisk, BellContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryConnectionStates(InMemory, ConnectionStatesContract):
    """`petiole.adapters.memory`."""


class TestSqliteConnectionStates(OnDisk, ConnectionStatesContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryEngagements(InMemory, EngagementsContract):
    """`petiole.adapters.memory`."""


class TestSqliteEngagements(OnDisk, EngagementsContract):
    """`petiole.adapters.sqlite`."""


class TestMemoryEngagementBooks(InMemory, EngagementBooksContract):
    """`petiole.adapters.memory`."""


class TestSqliteEngagementBooks(OnDisk, EngagementBooksContract):
    """`petiole.adapters.sqlite`."""

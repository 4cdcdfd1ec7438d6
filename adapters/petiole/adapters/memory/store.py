"""Everything that is stored, in memory."""

from types import TracebackType
from typing import Self

from petiole.adapters.memory.bell import MemoryBell
from petiole.adapters.memory.bookkeeping import MemoryBookkeeping
from petiole.adapters.memory.dead_letters import MemoryDeadLetters
from petiole.adapters.memory.engagement_books import MemoryEngagementBooks
from petiole.adapters.memory.engagements import MemoryEngagements
from petiole.adapters.memory.history import MemoryHistory
from petiole.adapters.memory.ledger import MemoryLedger
from petiole.adapters.memory.outbox import MemoryOutbox
from petiole.adapters.memory.state import MemoryState
from petiole.adapters.memory.states import MemoryConnectionStates
from petiole.core.ports.clock import Clock


class MemoryStore:
    """One runner's view of everything that is stored; gone with the process.

    It stands in for a durable store in tests: closing one and opening another on the same `state`
    is a restart, two at a time are two runners. May be shared by threads.
    """

    def __init__(self, *, clock: Clock, state: MemoryState | None = None) -> None:
        self.state = state or MemoryState()
        with self.state.lock:
            self._owner = next(self.state.runner_numbers)
            self.state.runners.add(self._owner)
        self.outbox = MemoryOutbox(self.state, clock=clock, owner=self._owner)
        self.dead_letters = MemoryDeadLetters(self.state, clock=clock)
        self.history = MemoryHistory(self.state)
        self.bell = MemoryBell(self.state)
        self.ledger = MemoryLedger(self.state, self.outbox)
        self.bookkeeping = MemoryBookkeeping(self.state)
        self.engagements = MemoryEngagements(self.state, clock=clock)
        self.engagement_books = MemoryEngagementBooks(self.state)
        self.states = MemoryConnectionStates(self.state)

    def close(self) -> None:
        """End as a runner: what it claimed and did not settle is abandoned from now on."""
        with self.state.lock:
            self.state.runners.discard(self._owner)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

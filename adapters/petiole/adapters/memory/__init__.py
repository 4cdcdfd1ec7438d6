"""Every port in memory: for tests, of petiole itself and of those who use it."""

from petiole.adapters.memory.audience import MemoryAudience
from petiole.adapters.memory.campaigns import MemoryCampaigns
from petiole.adapters.memory.chance import SeededChance
from petiole.adapters.memory.clock import FrozenClock
from petiole.adapters.memory.observer import RecordingObserver
from petiole.adapters.memory.sink import MemorySink, VerifyingMemorySink
from petiole.adapters.memory.state import MemoryState
from petiole.adapters.memory.store import MemoryStore
from petiole.adapters.memory.workers import InlineWorkers

__all__ = [
    "FrozenClock",
    "InlineWorkers",
    "MemoryAudience",
    "MemoryCampaigns",
    "MemorySink",
    "MemoryState",
    "MemoryStore",
    "RecordingObserver",
    "SeededChance",
    "VerifyingMemorySink",
]

"""The real world: the clock, chance, threads that work, and a process that reads ahead."""

from petiole.adapters.system.chance import SystemChance
from petiole.adapters.system.clock import SystemClock
from petiole.adapters.system.reader import read_ahead
from petiole.adapters.system.workers import ThreadWorkers

__all__ = ["SystemChance", "SystemClock", "ThreadWorkers", "read_ahead"]

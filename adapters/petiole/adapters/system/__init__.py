"""The real world: the clock, chance, and threads that work."""

from petiole.adapters.system.chance import SystemChance
from petiole.adapters.system.clock import SystemClock
from petiole.adapters.system.workers import ThreadWorkers

__all__ = ["SystemChance", "SystemClock", "ThreadWorkers"]

"""Stores with one broken part."""

from typing import cast

from petiole.testing.stands import HandClock, Store, StoreStand
from petiole.testing.zoo.mutant import Mutant

PARTS = {
    "Bell": "bell",
    "Bookkeeping": "bookkeeping",
    "ConnectionStates": "states",
    "DeadLetters": "dead_letters",
    "EngagementBooks": "engagement_books",
    "Engagements": "engagements",
    "History": "history",
    "Ledger": "ledger",
    "Outbox": "outbox",
}
"""Where a store keeps what serves a port."""


class InfestedStores:
    """Satisfies `StoreStand`: every runner that it opens has the broken part."""

    def __init__(self, mutant: Mutant, stand: object) -> None:
        self._mutant = mutant
        self._stand = cast("StoreStand", stand)
        self._good: dict[int, Store] = {}

    @property
    def clock(self) -> HandClock:
        """As the good one's."""
        return self._stand.clock

    def open(self) -> Store:
        """Break one."""
        good = self._stand.open()
        part = PARTS[self._mutant.port]
        broken = self._mutant.bent(getattr(good, part))
        store = cast("Store", InfestedStore(good, part, broken))
        self._good[id(store)] = good
        return store

    def kill(self, store: Store) -> None:
        """End the good one within."""
        self._stand.kill(self._good[id(store)])


class InfestedStore:
    """Satisfies `Store`: the good one's parts but one."""

    def __init__(self, good: Store, part: str, broken: object) -> None:
        for name in PARTS.values():
            setattr(self, name, broken if name == part else getattr(good, name))

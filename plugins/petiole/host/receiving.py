"""Group commit: calls that wait for the disk share one transaction, however many they are."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from threading import Condition

from petiole.core.domain.change import AccountName
from petiole.core.domain.engagement import Engagement, RefusedEngagement, StoredEngagement
from petiole.core.errors import OutboxError
from petiole.core.ports.engagements import Engagements
from petiole.host.store_thread import OpenStore, Store, StoreThread

MOST_AT_ONCE = 500
"""Parcels of one transaction; more would only keep the first ones waiting."""
MOST_WAITING_BYTES = 64_000_000

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What became of a parcel."""

    STORED = auto()
    """It is on disk."""
    BUSY = auto()
    """The store cannot be used for now; the caller should come again."""
    FAILED = auto()
    """It cannot be stored, although others can."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one call brought; `sender` is whatever is known there by it."""

    account: AccountName
    engagements: Sequence[Engagement]
    refused: Sequence[RefusedEngagement]
    weight_bytes: int
    sender: object


Tell = Callable[[Sequence[Parcel], Outcome], None]
"""Takes the outcome of parcels, many at a time, in the writer's thread."""


@dataclass(slots=True)
class _Queue:
    parcels: list[Parcel] = field(default_factory=list)
    weight_bytes: int = 0


class Receiving:
    """Stores parcels, in the order in which they come, on a thread with a store of its own."""

    def __init__(
        self,
        open_store: OpenStore,
        *,
        tell: Tell,
        stored: Callable[[Sequence[StoredEngagement]], None],
        max_waiting: int,
    ) -> None:
        """Take what to store with, and whom to tell.

        Args:
            open_store: called on the writer's thread.
            tell: is told of each parcel that was taken, once.
            stored: is told what is new, after those who wait were told.
            max_waiting: so many parcels may wait.
        """
        self._tell = tell
        self._stored = stored
        self._max_waiting = max_waiting
        self._queue = _Queue()
        self._changed = Condition()
        self._ending = False
        self._is_writing = True
        self._thread = StoreThread("receiving", open_store, self._work)

    @property
    def is_well(self) -> bool:
        """Whether the writer lives, and the store took what it wrote last."""
        return self._is_writing and self._thread.is_alive

    def start(self) -> None:
        """Begin.

        Raises:
            PetioleError: the store cannot be opened.
        """
        self._thread.start()

    def offer(self, parcel: Parcel) -> bool:
        """Let a parcel wait for the next commit; false if too much waits already."""
        with self._changed:
            queue = self._queue
            if (
                self._ending
                or len(queue.parcels) >= self._max_waiting
                or queue.weight_bytes + parcel.weight_bytes > MOST_WAITING_BYTES
            ):
                return False
            queue.parcels.append(parcel)
            queue.weight_bytes += parcel.weight_bytes
            if len(queue.parcels) == 1:
                self._changed.notify()
        return True

    def end(self) -> None:
        """Store what waits, and end."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join()

    def _work(self, store: Store) -> None:
        while parcels := self._next():
            self._store(store.engagements, parcels)

    def _next(self) -> Sequence[Parcel]:
        """Wait for parcels; none at the end."""
        with self._changed:
            while not self._queue.parcels and not self._ending:
                self._changed.wait()
            parcels = self._queue.parcels[:MOST_AT_ONCE]
            rest = self._queue.parcels[MOST_AT_ONCE:]
            self._queue = _Queue(rest, sum(parcel.weight_bytes for parcel in rest))
        return parcels

    def _store(self, engagements: Engagements, parcels: Sequence[Parcel]) -> None:
        for account, group in _by_account(parcels).items():
            try:
                receipt = engagements.store(
                    account,
                    [one for parcel in group for one in parcel.engagements],
                    refused=[one for parcel in group for one in parcel.refused],
                )
            except OutboxError as error:
                if self._is_writing:
                    _log.warning("engagements cannot be stored: %s", error)
                self._is_writing = False
                self._tell(group, Outcome.BUSY)
            except Exception as error:  # noqa: BLE001 - of one parcel; the others must be stored
                self._store_apart(engagements, group, error)
            else:
                self._is_writing = True
                self._tell(group, Outcome.STORED)
                if receipt.stored:
                    self._stored(receipt.stored)

    def _store_apart(
        self, engagements: Engagements, group: Sequence[Parcel], error: Exception
    ) -> None:
        if len(group) > 1:
            for parcel in group:
                self._store(engagements, [parcel])
            return
        _log.error("a call cannot be stored: %s", type(error).__name__)
        self._tell(group, Outcome.FAILED)


def _by_account(parcels: Sequence[Parcel]) -> dict[AccountName, list[Parcel]]:
    groups: defaultdict[AccountName, list[Parcel]] = defaultdict(list)
    for parcel in parcels:
        groups[parcel.account].append(parcel)
    return groups

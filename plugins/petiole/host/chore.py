"""Something that a running host does again and again, on a thread and with a store of its own."""

import logging
from collections.abc import Callable
from datetime import timedelta
from random import random
from threading import Event

from petiole.core.domain.backoff import RetryPolicy, backoff, clamp_retry_after
from petiole.core.errors import PetioleError, Throttled
from petiole.host.store_thread import OpenStore, Store, StoreThread

_PACE = RetryPolicy(base=timedelta(seconds=1), ceiling=timedelta(minutes=5))

_log = logging.getLogger(__name__)

Step = Callable[[Store, Callable[[], bool]], timedelta]
"""Does some of the work, and says how long to rest. Given: the store, and whether to end soon."""


class Chore:
    """Takes steps until it is to end; one that fails is told and tried again, ever more seldom."""

    def __init__(
        self, name: str, open_store: OpenStore, step: Step, *, tell: Callable[[str], None]
    ) -> None:
        """Take the work.

        Args:
            name: for the thread, and for what is told.
            open_store: called on the chore's thread.
            step: what is done again and again.
            tell: is told of trouble, once for as long as it is the same.
        """
        self._name = name
        self._step = step
        self._tell = tell
        self._told = ""
        self._failures = 0
        self._ending = Event()
        self._woken = Event()
        self._thread = StoreThread(name, open_store, self._work)

    def start(self) -> None:
        """Begin.

        Raises:
            PetioleError: the store cannot be opened.
        """
        self._thread.start()

    def wake(self) -> None:
        """Let the next step come at once, but for one that waits after a failure."""
        if not self._failures:
            self._woken.set()

    def end(self) -> None:
        """Let the step under way be the last one, and wait for it."""
        self._ending.set()
        self._woken.set()
        self._thread.join()

    def _work(self, store: Store) -> None:
        while not self._ending.is_set():
            self._woken.clear()
            rest = self._stepped(store)
            if not self._ending.is_set():
                self._woken.wait(rest.total_seconds())

    def _stepped(self, store: Store) -> timedelta:
        try:
            rest = self._step(store, self._ending.is_set)
        except PetioleError as error:
            wish = error.retry_after if isinstance(error, Throttled) else None
            return self._failed(str(error), wish)
        except Exception as error:  # noqa: BLE001 - a stranger's code; it is logged
            _log.exception("%s failed", self._name)
            return self._failed(type(error).__name__)
        self._failures, self._told = 0, ""
        return rest

    def _failed(self, why: str, wish: timedelta | None = None) -> timedelta:
        self._failures += 1
        if why != self._told:
            self._told = why
            self._tell(f"{self._name}: {why} (will try again)")
        if wish is not None:
            return clamp_retry_after(wish, _PACE)
        return backoff(self._failures, _PACE, fraction=0.5 + random() / 2)  # noqa: S311 - a pace

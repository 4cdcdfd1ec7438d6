"""A thread with a store of its own, as SQLite wants it: one connection per thread."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from threading import Thread
from typing import Protocol

from petiole.core.ports.bell import Bell
from petiole.core.ports.engagements import EngagementBooks, Engagements

_log = logging.getLogger(__name__)


class Store(Protocol):
    """What is stored, as far as it concerns what comes back."""

    @property
    def engagements(self) -> Engagements:
        """Where they are kept."""
        ...

    @property
    def engagement_books(self) -> EngagementBooks:
        """Sums over them."""
        ...

    @property
    def bell(self) -> Bell:
        """Rung at every change of the outbox."""
        ...


OpenStore = Callable[[], AbstractContextManager[Store]]


class StoreThread:
    """Works until `work` returns. What it raises is logged; the thread is not alive then."""

    def __init__(self, name: str, open_store: OpenStore, work: Callable[[Store], None]) -> None:
        self._open_store = open_store
        self._work = work
        self._opened: Future[None] = Future()
        self._thread = Thread(target=self._run, name=f"petiole-{name}", daemon=True)

    def start(self) -> None:
        """Begin; returns when the store is open.

        Raises:
            PetioleError: it cannot be opened.
        """
        self._thread.start()
        self._opened.result()

    @property
    def is_alive(self) -> bool:
        """Whether it works."""
        return self._thread.is_alive()

    def join(self, timeout_seconds: float | None = None) -> None:
        """Wait for its end."""
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        try:
            with self._open_store() as store:
                self._opened.set_result(None)
                self._work(store)
        except Exception as error:  # noqa: BLE001 - told to the one who started it
            if self._opened.done():
                _log.exception("the thread %s ended", self._thread.name)
            else:
                self._opened.set_exception(error)

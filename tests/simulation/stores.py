"""What survives a process: a store in SQLite or in memory, and a look into it from outside."""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from petiole.adapters.memory import FrozenClock, MemoryState, MemoryStore
from petiole.adapters.sqlite import SqliteStore, open_store
from petiole.adapters.sqlite.instants import from_micros
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageState
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.history import History
from petiole.core.ports.ledger import Ledger
from petiole.core.ports.outbox import Outbox


class Store(Protocol):
    """One process's view."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def states(self) -> ConnectionStates: ...
    @property
    def bookkeeping(self) -> Bookkeeping: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def history(self) -> History: ...
    @property
    def ledger(self) -> Ledger: ...


@dataclass(frozen=True, slots=True)
class Opened:
    """A store in use: `close` ends it in good order, `drop` as the kernel does after kill -9."""

    store: Store
    close: Callable[[], None]
    drop: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One message as it is stored."""

    id: int
    event: str | None
    connection: str
    account: str
    identifier: str
    kind: str
    state: MessageState
    folded_into: int | None
    attempts: int
    settled_at: datetime | None


class Keeping(Protocol):
    """Where the data lies."""

    def open(self) -> Opened:
        """Open it for the strand that calls."""
        ...

    def look(self) -> Sequence[Seen] | None:
        """Read all messages, by id; `None` if nothing was written since the last look."""
        ...

    def close(self) -> None:
        """Forget all."""
        ...


class MemoryKeeping:
    """In one object."""

    def __init__(self, clock: FrozenClock) -> None:
        self.state = MemoryState()
        self._clock = clock

    def open(self) -> Opened:
        store = MemoryStore(clock=self._clock, state=self.state)
        return Opened(store, close=store.close, drop=store.close)

    def look(self) -> Sequence[Seen]:
        return list(self._rows())

    def _rows(self) -> Iterator[Seen]:
        into = {
            told.message: told.into
            for life in self.state.lives.values()
            for told in life
            if told.step is Step.FOLDED
        }
        for row in self.state.rows.values():
            change = row.change
            yield Seen(
                id=row.id,
                event=change.id,
                connection=change.scope.connection,
                account=change.scope.account,
                identifier=change.identifier.value,
                kind=change.kind,
                state=row.state,
                folded_into=into.get(row.id),
                attempts=row.attempts,
                settled_at=row.settled_at,
            )

    def close(self) -> None:
        """Nothing is left."""


_ROWS = """
SELECT message.id, event, connection, account, identifier, kind, state, folded_into, attempts,
    settled_at
FROM message JOIN profile ON profile.id = message.profile ORDER BY message.id
"""


class SqliteKeeping:
    """In a file, which is made from a fresh one that is made once."""

    def __init__(self, clock: FrozenClock) -> None:
        self._clock = clock
        self._ending = ExitStack()
        name = self._ending.enter_context(tempfile.TemporaryDirectory(dir=_swift_place()))
        self._path = Path(name) / "petiole.db"
        self._path.write_bytes(_fresh())
        self._own = sqlite3.connect(self._path, isolation_level=None)
        self._ending.callback(self._own.close)
        self._seen_version = -1

    def open(self) -> Opened:
        ending = ExitStack()
        store = ending.enter_context(open_store(self._path, clock=self._clock))
        # It is processes that die here, never the machine: what was handed to the kernel stays.
        store.outbox._database.tables.conn.execute("PRAGMA synchronous = OFF").close()

        def drop() -> None:
            _lose_lock(store)
            ending.close()

        return Opened(store, close=ending.close, drop=drop)

    def look(self) -> Sequence[Seen] | None:
        [(version,)] = self._own.execute("PRAGMA data_version").fetchall()
        if version == self._seen_version:
            return None
        self._seen_version = version
        return [
            Seen(
                id=id_,
                event=event,
                connection=connection,
                account=account,
                identifier=identifier,
                kind=kind,
                state=MessageState(state),
                folded_into=folded_into,
                attempts=attempts,
                settled_at=from_micros(settled_at),
            )
            for (
                id_,
                event,
                connection,
                account,
                identifier,
                kind,
                state,
                folded_into,
                attempts,
                settled_at,
            ) in self._own.execute(_ROWS)
        ]

    def close(self) -> None:
        self._ending.close()


def _lose_lock(store: SqliteStore) -> None:
    """Let the lock of a runner go without its clean-up, as the kernel does."""
    runners = store.outbox._runners
    if runners._file is not None:
        os.close(runners._file)
        runners._file = None


@cache
def _swift_place() -> str | None:
    """Name a file system in memory, if there is one: nothing here need survive a power cut."""
    place = Path("/dev/shm")  # noqa: S108 - only as the parent of a private directory
    return str(place) if os.access(place, os.W_OK) else None


@cache
def _fresh() -> bytes:
    with tempfile.TemporaryDirectory(dir=_swift_place()) as name:
        path = Path(name) / "fresh.db"
        with open_store(path, clock=FrozenClock()):
            pass
        return path.read_bytes()

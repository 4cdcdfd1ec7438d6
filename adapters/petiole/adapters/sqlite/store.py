"""Everything that is stored, in one SQLite file."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from petiole.adapters.sqlite.bookkeeping import SqliteBookkeeping
from petiole.adapters.sqlite.database import open_database
from petiole.adapters.sqlite.ledger import SqliteLedger
from petiole.adapters.sqlite.outbox import SqliteOutbox
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.states import SqliteConnectionStates
from petiole.core.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteStore:
    """One runner's outbox, ledger, bookkeeping and connection states, over one connection."""

    outbox: SqliteOutbox
    ledger: SqliteLedger
    bookkeeping: SqliteBookkeeping
    states: SqliteConnectionStates

    @property
    def parking(self) -> SqliteOutbox:
        """The way out for parked messages."""
        return self.outbox


@contextmanager
def open_store(
    path: str | Path, *, clock: Clock, owner: str | None = None
) -> Iterator[SqliteStore]:
    """Open the file, or make it, for use in this thread; each thread opens its own.

    Any number of processes may have it open. Who claims is a runner; when it ends, however it ends,
    others take over what it had claimed. `owner` names it to those who look into the file.

    Raises:
        ConfigurationError: the path cannot be such a file; the message names it and the remedy.
    """
    with (
        closing(open_database(Path(path))) as database,
        closing(Runners(database.path, owner)) as runners,
    ):
        yield SqliteStore(
            outbox=SqliteOutbox(database, runners=runners, clock=clock),
            ledger=SqliteLedger(database),
            bookkeeping=SqliteBookkeeping(database),
            states=SqliteConnectionStates(database),
        )

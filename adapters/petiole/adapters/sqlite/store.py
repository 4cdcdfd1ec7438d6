"""Everything that is stored, in one SQLite file."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.bookkeeping import SqliteBookkeeping
from petiole.adapters.sqlite.dead_letters import SqliteDeadLetters
from petiole.adapters.sqlite.engagement_books import SqliteEngagementBooks
from petiole.adapters.sqlite.engagements import SqliteEngagements
from petiole.adapters.sqlite.history import SqliteHistory
from petiole.adapters.sqlite.ledger import SqliteLedger
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.outbox import SqliteOutbox
from petiole.adapters.sqlite.part import Runner
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.states import SqliteConnectionStates
from petiole.core.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteStore:
    """One runner's view of everything that is stored, over one connection."""

    outbox: SqliteOutbox
    dead_letters: SqliteDeadLetters
    history: SqliteHistory
    ledger: SqliteLedger
    bookkeeping: SqliteBookkeeping
    states: SqliteConnectionStates
    bell: SqliteBell
    engagements: SqliteEngagements
    engagement_books: SqliteEngagementBooks


@contextmanager
def open_store(
    path: str | Path, *, clock: Clock, owner: str | None = None
) -> Iterator[SqliteStore]:
    """Open the file, or make it, for use in this thread; each thread opens its own.

    Any number of processes may have it open. Who claims is a runner; when it ends, however it ends,
    others take over what it had claimed. `owner` names it to those who look into the file.

    Raises:
        ConfigurationError: the path cannot be such a file; the message names it and the remedy.
        OutboxBusy: it cannot be opened for now: locked, or no space left.
    """
    with (
        closing(open_database(Path(path))) as database,
        closing(Runners(database.path, owner)) as runners,
    ):
        bell = SqliteBell(database.path)
        yield SqliteStore(
            outbox=SqliteOutbox(database, runners=runners, clock=clock, bell=bell),
            dead_letters=SqliteDeadLetters(database, clock=clock, bell=bell),
            history=SqliteHistory(database),
            ledger=SqliteLedger(database, Runner(runners=runners, clock=clock, bell=bell)),
            bookkeeping=SqliteBookkeeping(database),
            states=SqliteConnectionStates(database, clock=clock, bell=bell),
            bell=bell,
            engagements=SqliteEngagements(database, clock=clock),
            engagement_books=SqliteEngagementBooks(database),
        )

"""The ledger in SQLite."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

from petiole.adapters.sqlite import held
from petiole.adapters.sqlite.comparison import SqliteComparison
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.opening import open_database
from petiole.adapters.sqlite.part import Runner
from petiole.adapters.sqlite.staging import staging
from petiole.core.domain.change import Scope
from petiole.core.domain.identity import Identifier
from petiole.core.ports.snapshot import SnapshotProfile


class SqliteLedger:
    """Fingerprints of delivered profiles; `SqliteOutbox.settle` writes them."""

    def __init__(self, database: Database, runner: Runner) -> None:
        self._database = database
        self._runner = runner

    @contextmanager
    def compare(
        self, scope: Scope, profiles: Iterable[SnapshotProfile], *, mirror: bool
    ) -> Iterator[SqliteComparison]:
        """Compare a snapshot of any size; what differs is set aside beside the database.

        Raises:
            OutboxError: there is no room for that, or the database cannot be read.
        """
        with (
            closing(open_database(self._database.path, one_thread=False)) as reader,
            staging(self._database, reader, scope) as aside,
        ):
            comparison = SqliteComparison(self._database, aside, scope, self._runner)
            comparison.read(profiles)
            comparison.weigh(mirror=mirror)
            yield comparison

    def holds(self, scope: Scope, identifier: Identifier) -> bool:
        """Tell whether the profile was delivered into the scope and not removed since."""
        with self._database.read(bound=True) as tables:
            return held.is_in_ledger(tables, scope, identifier)

    def count(self, scope: Scope) -> int:
        """Count the profiles delivered into the scope and not removed since."""
        with self._database.read(bound=True) as tables:
            return held.count_in_ledger(tables, scope)

"""The outbox in SQLite: each call is one transaction."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from petiole.adapters.sqlite import commits
from petiole.adapters.sqlite.backlog import backlog
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.claims import Claim
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import span_micros, to_micros
from petiole.adapters.sqlite.lines import enqueue
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.settlements import settle
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.clock import Clock


class SqliteOutbox:
    """One runner's hold on the messages."""

    def __init__(
        self, database: Database, *, runners: Runners, clock: Clock, bell: SqliteBell
    ) -> None:
        self._database = database
        self._runners = runners
        self._clock = clock
        self._bell = bell

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Take changes, in order; a thousand at a time cost little more than one.

        Raises:
            OutboxError: nothing was taken.
        """
        if not changes:
            return EnqueueReceipt()
        with self._database.write(commits.ENQUEUE) as tables:
            now = to_micros(self._clock.now())
            receipt = enqueue(tables, changes, folding=folding, now=now)
        if receipt.enqueued:
            self._bell.ring()
        return receipt

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Tell what could be claimed now, looking no further than one batch deep."""
        now, uptime = to_micros(self._clock.now()), span_micros(self._clock.uptime())
        with self._database.read(bound=True) as tables:
            return backlog(tables, self._runners, connection, policy, now=now, uptime=uptime)

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        """Take up to `batches` batches, abandoned ones first, then the oldest claimable messages.

        Raises:
            OutboxError: nothing was claimed.
        """
        with self._database.write(commits.CLAIM, bound=True) as tables:
            self._runners.announce()
            claim = Claim(
                connection=tables,
                runners=self._runners,
                name=connection,
                now=to_micros(self._clock.now()),
                uptime=span_micros(self._clock.uptime()),
                lease=span_micros(lease),
            )
            recovered = claim.recover(batches)
            return recovered + claim.take(policy, batches - len(recovered), partial=partial)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Record the verdicts on claimed batches; names those that were claimed anew meanwhile.

        Raises:
            OutboxError: nothing was recorded.
        """
        if not settlements:
            return ()
        with self._database.write(commits.SETTLE, bound=True) as tables:
            return settle(tables, settlements, now=to_micros(self._clock.now()))

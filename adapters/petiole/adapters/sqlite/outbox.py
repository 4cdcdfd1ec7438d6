"""The outbox in SQLite: each call is one transaction."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from petiole.adapters.sqlite.backlog import backlog
from petiole.adapters.sqlite.claims import Claim
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.lines import enqueue
from petiole.adapters.sqlite.runners import Runners
from petiole.adapters.sqlite.settlements import release, settle
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId
from petiole.core.domain.settlement import Settlement
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.ports.clock import Clock
from petiole.core.ports.parking import Decision


class SqliteOutbox:
    """One runner's hold on the messages."""

    def __init__(self, database: Database, *, runners: Runners, clock: Clock) -> None:
        self._database = database
        self._runners = runners
        self._clock = clock

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        """Take changes, in order; a thousand at a time cost little more than one.

        Raises:
            OutboxError: nothing was taken.
        """
        if not changes:
            return EnqueueReceipt()
        with self._database.write() as tables:
            now = to_micros(self._clock.now())
            return enqueue(tables, changes, folding=folding, now=now)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        """Tell what could be claimed now, looking no further than one batch deep."""
        now = to_micros(self._clock.now())
        with self._database.read() as tables:
            return backlog(tables, self._runners, connection, policy, now=now)

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
        with self._database.write() as tables:
            self._runners.announce()
            now = self._clock.now()
            claim = Claim(
                connection=tables,
                runners=self._runners,
                name=connection,
                now=to_micros(now),
                lease_until=to_micros(now + lease),
            )
            recovered = claim.recover(batches)
            return recovered + claim.take(policy, batches - len(recovered), partial=partial)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        """Record the verdicts on claimed batches; names those that were not ours any more.

        Raises:
            OutboxError: nothing was recorded.
        """
        if not settlements:
            return ()
        with self._database.write() as tables:
            now = to_micros(self._clock.now())
            return settle(tables, settlements, owner=self._runners.own, now=now)

    def release(self, connection: ConnectionName, decision: Decision) -> int:
        """Carry out a decision on all parked messages of a connection; tells how many.

        Raises:
            OutboxError: nothing was released.
        """
        with self._database.write() as tables:
            return release(tables, connection, decision, now=to_micros(self._clock.now()))

"""The ports of a process under the eyes of the witness."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.breaker import Flow
from petiole.core.domain.change import AccountName, ConnectionName, ProfileChange
from petiole.core.domain.message import Batch, BatchId, Message
from petiole.core.domain.report import ACCEPTED, Accepted, DeliveryReport
from petiole.core.domain.settlement import Settlement, Verdict
from petiole.core.domain.tally import EnqueueReceipt
from petiole.core.errors import Unavailable
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from tests.simulation.network import Call
from tests.simulation.process import Process
from tests.simulation.strands import current
from tests.simulation.witness import ids_of

if TYPE_CHECKING:
    from tests.simulation.stores import Store


class WatchedOutbox:
    """An outbox under the eyes of the witness."""

    def __init__(self, inner: Outbox, store: "Store", process: Process) -> None:
        self._inner = inner
        self._store = store
        self._process = process
        self._world = process.world

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        return self._inner.enqueue(changes, folding=folding)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        return self._inner.backlog(connection, policy)

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        witness, lane = self._world.witness, self._world.setup.lanes[connection]
        flow = self._store.states.state(connection).flow(self._world.clock.now())
        left = self._quota_left(connection)
        taken = self._inner.claim(connection, policy, batches=batches, partial=partial, lease=lease)
        witness.claimed(self._process, taken, connection, policy)
        for batch in taken:
            again = f" again, epoch {batch.epoch}" if batch.recovered else ""
            self._process.tell(
                f"claims batch {batch.id}{again} of {connection}: {ids_of(batch.messages)}"
            )
        if taken and flow in {Flow.PAUSED, Flow.OPEN}:
            witness.blame(f"{connection} is {flow} and sends")
        if taken and flow is Flow.PROBING and witness.live(connection) > 1:
            witness.blame(f"{connection} probes with several batches")
        if taken and witness.live(connection) > lane.max_in_flight:
            witness.blame(f"{connection} has {witness.live(connection)} batches in flight")
        if len(taken) > left:
            witness.blame(f"{connection} claims {len(taken)} batches, {left} calls are left")
        return taken

    def _quota_left(self, connection: ConnectionName) -> int:
        quota = self._world.setup.lanes[connection].quota
        if quota is None:
            return 1_000
        began = quota.day_began(self._world.clock.now())
        witness = self._world.witness
        used = sum(
            calls for name, at, calls in witness.usage if name in quota.shared_by and at >= began
        )
        in_air = sum(
            claim.process is self._process and not claim.is_settled
            for claim in witness.claims.values()
            if claim.batch.connection in quota.shared_by
        )
        return max(quota.calls - used - in_air, 0)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        witness = self._world.witness
        witness.settling(settlements)
        lost = self._inner.settle(settlements)
        for settlement in settlements:
            told = ", ".join(f"#{id_} {_told(v)}" for id_, v in settlement.verdicts.items())
            refused = " (too late)" * (settlement.batch in lost)
            self._process.tell(f"settles batch {settlement.batch}{refused}: {told}")
        witness.settled(self._process, settlements, lost)
        return lost


class WatchedSink:
    """A sink under the eyes of the witness."""

    def __init__(self, inner: ProfileSink, process: Process, account: AccountName) -> None:
        self._inner = inner
        self._process = process
        self._account = account

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        witness = self._process.world.witness
        witness.delivering(self._process, messages)
        strand = current()
        assert strand is not None
        by_identifier = {message.change.identifier.value: message for message in messages}
        call = Call(0, self._account, self._process, by_identifier, timedelta())
        witness.sending[strand] = call
        try:
            report = self._inner.deliver(messages)
        finally:
            call.waiter = None
            witness.sending.pop(strand, None)
        for id_, outcome in report.outcomes.items():
            if isinstance(outcome, Accepted) and not witness.applied[id_]:
                witness.blame(f"#{id_} counts as accepted, but the platform never had it")
        return report


class WatchedVerifyingSink(WatchedSink):
    """The same, and the platform can be asked what it applied."""

    def verify(self, messages: Sequence[Message]) -> DeliveryReport:
        world = self._process.world
        self._process.sleep(world.random.uniform(0, 2))
        if world.random.random() < world.weather[self._account].trouble:
            raise Unavailable("cannot be read now", code="503")
        applied = world.witness.applied
        return DeliveryReport({m.id: ACCEPTED for m in messages if applied[m.id]})


def _told(verdict: Verdict) -> str:
    name = type(verdict).__name__.lower()
    reason = getattr(verdict, "reason", "")
    return f"{name} ({reason})" if reason else name

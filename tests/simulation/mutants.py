"""Parts that do one thing wrong, each of which the simulation must notice."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from petiole.adapters.memory import MemoryStore
from petiole.adapters.memory.clock import NOON
from petiole.core.delivery.landing import Delivery
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.domain.change import ConnectionName, ProfileChange
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import Batch, BatchId, Message
from petiole.core.domain.report import ACCEPTED, DeliveryReport
from petiole.core.domain.settlement import DELIVERED, Bury, Defer, Retry, Settlement, Verdict
from petiole.core.domain.tally import EnqueueReceipt, Tally
from petiole.core.errors import Ambiguous
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from tests.simulation.hosting import Variation
from tests.simulation.stores import Store


class _Outbox:
    """Passes everything on."""

    def __init__(self, inner: Outbox, store: Store) -> None:
        self.inner = inner
        self.store = store

    def enqueue(self, changes: Sequence[ProfileChange], *, folding: bool) -> EnqueueReceipt:
        return self.inner.enqueue(changes, folding=folding)

    def backlog(self, connection: ConnectionName, policy: BatchPolicy) -> Backlog:
        return self.inner.backlog(connection, policy)

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        return self.inner.claim(connection, policy, batches=batches, partial=partial, lease=lease)

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        return self.inner.settle(settlements)


class LosesASettlement(_Outbox):
    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        return self.inner.settle(settlements[1:]) if settlements else ()


class SettlesHalf(_Outbox):
    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        return self.inner.settle([_with(one, _first_is_retried) for one in settlements])


class BuriesInsteadOfRetrying(_Outbox):
    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        return self.inner.settle([_with(one, _buried) for one in settlements])


class IgnoresEpochs(_Outbox):
    epochs: dict[int, dict[BatchId, int]] = {}  # noqa: RUF012 - shared by the processes of a world

    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        taken = super().claim(connection, policy, batches=batches, partial=partial, lease=lease)
        self._known().update((batch.id, batch.epoch) for batch in taken)
        return taken

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        known = self._known()
        return self.inner.settle([replace(s, epoch=known[s.batch]) for s in settlements])

    def _known(self) -> dict[BatchId, int]:
        assert isinstance(self.store, MemoryStore)
        return self.epochs.setdefault(id(self.store.state), {})


class SettlesBeforeSending(_Outbox):
    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        taken = super().claim(connection, policy, batches=batches, partial=partial, lease=lease)
        self.inner.settle([_early(batch) for batch in taken])
        return taken

    def settle(self, settlements: Sequence[Settlement]) -> Collection[BatchId]:
        return ()


class ClaimsTwoOfOneProfile(_Outbox):
    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        taken = super().claim(connection, policy, batches=batches, partial=partial, lease=lease)
        assert isinstance(self.store, MemoryStore)
        state = self.store.state
        for batch in taken:
            for message in batch.messages:
                state.lines.leave(state.rows[message.id])
        return taken


class StealsFromTheLiving(_Outbox):
    def claim(
        self,
        connection: ConnectionName,
        policy: BatchPolicy,
        *,
        batches: int,
        partial: bool,
        lease: timedelta,
    ) -> Sequence[Batch]:
        assert isinstance(self.store, MemoryStore)
        for batch in self.store.state.batches.values():
            batch.lease_until = timedelta()
        return super().claim(connection, policy, batches=batches, partial=partial, lease=lease)


class HealthyStates:
    """Holds and pauses are not seen."""

    def __init__(self, inner: ConnectionStates) -> None:
        self._inner = inner

    def state(self, connection: ConnectionName) -> ConnectionState:
        return HEALTHY

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        return self._inner.change(connection, transition, by=by)


class ForgetsCalls:
    """A quota is never used up."""

    def __init__(self, inner: Bookkeeping) -> None:
        self._inner = inner

    def connections(self) -> Collection[ConnectionName]:
        return self._inner.connections()

    def tally(self, connection: ConnectionName) -> Tally:
        return self._inner.tally(connection)

    def audit(self, connection: ConnectionName) -> Tally:
        return self._inner.audit(connection)

    def calls(self, connections: Collection[ConnectionName], since: datetime) -> int:
        return 0


class SendsAfterTheLease(Relay):
    def _task(self, route: Route, batch: Batch, no_call_after: timedelta) -> Callable[[], Delivery]:
        return super()._task(route, batch, no_call_after + timedelta(days=1))


class NotesBeforeItLands(Relay):
    """As it was once: where a state could not be noted, what had landed stayed in the air."""

    def _settle(self) -> None:
        settled = self._landing.settle(self._air)
        self._landing.note_states()
        for delivery in settled:
            self._air.drop(delivery.batch)


class _Sink:
    def __init__(self, inner: ProfileSink) -> None:
        self.inner = inner


class TakesDoubtForYes(_Sink):
    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        try:
            return self.inner.deliver(messages)
        except Ambiguous:
            return DeliveryReport(dict.fromkeys((m.id for m in messages), ACCEPTED))


class DropsTheLast(_Sink):
    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        report = self.inner.deliver(messages[:-1] or messages)
        return DeliveryReport({**report.outcomes, messages[-1].id: ACCEPTED})


class SendsOldFields(_Sink):
    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        return self.inner.deliver([_emptied(message) for message in messages])


class SendsTwice(_Sink):
    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        self.inner.deliver(messages)
        return self.inner.deliver(messages)


def _with(settlement: Settlement, change: Callable[[int, Verdict], Verdict]) -> Settlement:
    verdicts = {
        id_: change(place, verdict)
        for place, (id_, verdict) in enumerate(settlement.verdicts.items())
    }
    return replace(settlement, verdicts=verdicts)


def _first_is_retried(place: int, verdict: Verdict) -> Verdict:
    return verdict if place else Defer(None, "")


def _buried(_: int, verdict: Verdict) -> Verdict:
    return Bury(verdict.code, verdict.reason) if isinstance(verdict, Retry) else verdict


def _early(batch: Batch) -> Settlement:
    record = AttemptRecord(began_at=NOON, ended_at=NOON, calls=1)
    verdicts = dict.fromkeys((message.id for message in batch.messages), DELIVERED)
    return Settlement(batch.id, batch.epoch, verdicts, record)


def _emptied(message: Message) -> Message:
    return replace(message, change=replace(message.change, fields=Fields()))


OUTBOXES: Sequence[type[_Outbox]] = (
    LosesASettlement,
    SettlesHalf,
    BuriesInsteadOfRetrying,
    IgnoresEpochs,
    SettlesBeforeSending,
    ClaimsTwoOfOneProfile,
    StealsFromTheLiving,
)
SINKS = (TakesDoubtForYes, DropsTheLast, SendsOldFields, SendsTwice)
RELAYS: Sequence[type[Relay]] = (SendsAfterTheLease, NotesBeforeItLands)

MUTANTS: Mapping[str, Variation] = {
    **{mutant.__name__: Variation(outbox=mutant) for mutant in OUTBOXES},
    **{mutant.__name__: Variation(sink=mutant) for mutant in SINKS},
    **{mutant.__name__: Variation(relay=mutant) for mutant in RELAYS},
    HealthyStates.__name__: Variation(states=HealthyStates),
    ForgetsCalls.__name__: Variation(bookkeeping=ForgetsCalls),
}

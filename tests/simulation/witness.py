"""Who sees everything at the seams of the processes, and tells what must not be."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.message import Batch, BatchId, Message, MessageState
from petiole.core.domain.settlement import (
    AmbiguityPolicy,
    Bury,
    Delivered,
    Park,
    Settlement,
    Verdict,
)
from petiole.core.failpoints import FailPoint
from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from petiole.plugins.canopydeploy.sandbox.fault import Fault
from tests.simulation.network import Call
from tests.simulation.process import Process
from tests.simulation.setup import LEASE
from tests.simulation.strands import Strand

if TYPE_CHECKING:
    from tests.simulation.world import World

USABLE = 0.8
_BLAMED = {400, 413, 422}


@dataclass(eq=False, slots=True)
class Claim:
    """A batch as it was handed out."""

    batch: Batch
    process: Process
    claimed_at: timedelta
    is_settled: bool = False

    def is_live(self, now: timedelta) -> bool:
        """Whether it is still its process's own."""
        return not self.is_settled and self.process.is_alive and now < self.claimed_at + LEASE


@dataclass(slots=True)
class Witness:
    """Knows each claim, call and answer; what it believes comes from the platforms alone."""

    world: "World"
    claims: dict[BatchId, Claim] = field(default_factory=dict)
    claim_of: dict[int, Claim] = field(default_factory=dict)
    sending: dict[Strand, Call] = field(default_factory=dict)
    applied: Counter[int] = field(default_factory=Counter)
    held: dict[tuple[str, str], dict[str, dict[str, JsonValue]]] = field(default_factory=dict)
    """Account and segment -> profiles as the platform must hold them."""
    clouded: set[tuple[str, str]] = field(default_factory=set)
    """Account and identifier whose calls were overtaken by younger ones."""
    last_applied: dict[tuple[str, str], int] = field(default_factory=dict)
    refused: dict[int, set[str]] = field(default_factory=dict)
    usage: list[tuple[str, datetime, int]] = field(default_factory=list)
    resent: int = 0
    taken_over: int = 0
    untold: int = 0
    strays: int = 0
    claims_unseen: bool = False
    """Whether a process died with a claim that it had not been told of."""
    written_last: Sequence[Settlement] = ()

    def claimed(
        self, process: Process, batches: Sequence[Batch], lane: str, policy: BatchPolicy
    ) -> None:
        """Take note of what was handed out."""
        now = self.world.clock.uptime()
        for batch in batches:
            self._check_batch(batch, policy)
            before = self.claims.get(batch.id)
            if before is not None and (before.is_live(now) or batch.epoch <= before.batch.epoch):
                self.blame(f"batch {batch.id} was claimed twice")
            if batch.recovered != (before is not None) and not self.claims_unseen:
                self.blame(f"batch {batch.id} is recovered: {batch.recovered}")
            if before and ids_of(before.batch.messages) != ids_of(batch.messages):
                self.blame(f"batch {batch.id} changed on recovery")
            self.taken_over += len(batch.messages) if batch.recovered else 0
            claim = self.claims[batch.id] = Claim(batch, process, now)
            for message in batch.messages:
                other = self.claim_of.get(message.id)
                if other is not None and other is not before and not other.is_settled:
                    self.blame(f"#{message.id} was claimed in two batches")
                self.claim_of[message.id] = claim
        self._check_lines(now)

    def _check_batch(self, batch: Batch, policy: BatchPolicy) -> None:
        messages = batch.messages
        who = [message.change.identifier for message in messages]
        weight = sum(len(message.change.fields.text.encode()) for message in messages)
        if not messages or len(messages) > policy.max_profiles or len(set(who)) < len(who):
            self.blame(f"batch {batch.id} holds {ids_of(messages)} of {who}")
        if weight > policy.max_bytes and len(messages) > 1:
            self.blame(f"batch {batch.id} weighs {weight} bytes")
        if ids_of(messages) != sorted(ids_of(messages)):
            self.blame(f"batch {batch.id} is out of order: {ids_of(messages)}")

    def _check_lines(self, now: timedelta) -> None:
        flying = Counter(
            (message.change.scope.account, message.change.identifier.value)
            for claim in self.claims.values()
            if not claim.is_settled
            for message in claim.batch.messages
        )
        for line, number in flying.items():
            if number > 1:
                self.blame(f"{line} was claimed {number} times at once")

    def live(self, lane: str) -> int:
        """Count the batches of a connection that are being delivered."""
        now = self.world.clock.uptime()
        return sum(
            claim.batch.connection == lane and claim.is_live(now) for claim in self.claims.values()
        )

    def settling(self, settlements: Sequence[Settlement]) -> None:
        """Take note of what is about to be written, which may be the last thing that is."""
        self.written_last = settlements
        for settlement in settlements:
            for id_, verdict in settlement.verdicts.items():
                if isinstance(verdict, Bury):
                    self._check_burial(id_, verdict, settlement)

    def dying(self, process: Process, point: FailPoint) -> None:
        """Take note of what a process did last, and was not told of."""
        self.claims_unseen |= point is FailPoint.CLAIM_COMMITTED
        if point is FailPoint.SETTLE_COMMITTED:
            for settlement in self.written_last:
                claim = self.claims[settlement.batch]
                if claim.batch.epoch == settlement.epoch:
                    claim.is_settled = True
                    self.untold += len(settlement.verdicts)
                    self._count_calls(settlement)

    def settled(
        self, process: Process, settlements: Sequence[Settlement], lost: Collection[BatchId]
    ) -> None:
        """Take note of what was written."""
        for settlement in settlements:
            claim = self.claims[settlement.batch]
            overtaken = claim.batch.epoch != settlement.epoch or claim.is_settled
            if overtaken != (settlement.batch in lost):
                self.blame(
                    f"batch {settlement.batch} in epoch {settlement.epoch} "
                    f"was {'not ' * overtaken}refused"
                )
            if overtaken:
                continue
            claim.is_settled = True
            self._count_calls(settlement)
            for id_, verdict in settlement.verdicts.items():
                self.world.books.expected[id_] = _states(verdict)
                if isinstance(verdict, Delivered) and not self.applied[id_]:
                    self.blame(f"#{id_} is delivered, but the platform never had it")

    def _count_calls(self, settlement: Settlement) -> None:
        connection, record = self.claims[settlement.batch].batch.connection, settlement.record
        self.usage.append((connection, record.ended_at, record.calls))

    def _check_burial(self, id_: int, verdict: Bury, settlement: Settlement) -> None:
        claim = self.claims[settlement.batch]
        lane = self.world.setup.lanes[claim.batch.connection]
        message = next(message for message in claim.batch.messages if message.id == id_)
        age = self.world.clock.now() + lane.retry.ceiling - message.enqueued_at
        spent = message.attempt >= lane.retry.max_attempts or (
            message.attempt >= lane.retry.min_attempts and age > lane.retry.max_age
        )
        gave_up = "gave up" in verdict.reason and spent
        if not gave_up and verdict.code not in self.refused.get(id_, ()):
            self.blame(f"#{id_} was buried without need: {verdict}")

    def delivering(self, process: Process, messages: Sequence[Message]) -> None:
        """Check that a call may begin, right after it was allowed to."""
        now = self.world.clock.uptime()
        for message in messages:
            claim = self.claim_of.get(message.id)
            entry = self.world.books.entries[message.id]
            if claim is None or claim.process is not process or claim.is_settled:
                self.blame(f"#{message.id} is sent by {process.name}, whose it is not")
            elif now >= claim.claimed_at + LEASE * USABLE:
                self.blame(f"#{message.id} is sent when its lease is about to end")
            change = message.change
            if change.fields != entry.fields or (change.kind is ChangeKind.REMOVE) != entry.removes:
                self.blame(f"#{message.id} is sent as {change}, not as {entry.fields}")

    def written(self, call: Call) -> None:
        """Check a call as its bytes leave the process."""
        now = self.world.clock.uptime()
        for message in call.messages.values():
            claim = self.claim_of[message.id]
            if claim.process is call.process and now >= claim.claimed_at + LEASE:
                self.blame(f"#{message.id} is sent after its lease")
            for other in self.sending.values():
                if other is call or other.waiter is None or other.account != call.account:
                    continue
                alive = other.process.is_alive and not other.process.is_suspended
                if message.change.identifier.value in other.messages and alive:
                    self.blame(f"call {other.number} with {message.change.identifier} is under way")

    def arrived(self, call: Call, answer: Answer) -> None:
        """Take note of what a platform did with a call."""
        culprits = self.world.weather[call.account].culprits
        for identifier, message in call.messages.items():
            if culprits.get(identifier) is Fault.REJECT:
                self.refused.setdefault(message.id, set()).add("105")
            if answer.status in _BLAMED and len(call.messages) == 1:
                self.refused.setdefault(message.id, set()).add(str(answer.status))
        for identifier, _ in answer.note.changes:
            message = call.messages[identifier]
            call.applied.append(message.id)
            self._apply(call, message)

    def _apply(self, call: Call, message: Message) -> None:
        entry = self.world.books.entries[message.id]
        line = entry.line
        if message.id < self.last_applied.get(line, 0):
            if call.is_stray:
                self.clouded.add(line)
            elif not entry.is_redriven and line not in self.clouded:
                self.blame(f"#{message.id} arrived after #{self.last_applied[line]}")
        self.last_applied[line] = max(message.id, self.last_applied.get(line, 0))
        lane = self.world.setup.lanes[entry.connection]
        is_cautious = lane.ambiguity is AmbiguityPolicy.PARK and not lane.verifies
        if is_cautious and self.applied[message.id] > entry.sent_again and not call.is_stray:
            self.blame(f"#{message.id} arrived again, although {lane.name} parks what is in doubt")
        self.applied[message.id] += 1
        self.strays += call.is_stray
        held = self.held.setdefault((line[0], entry.first.scope.segment), {})
        if entry.removes:
            held.pop(line[1], None)
        else:
            # As it was sent: it may have been edited since.
            held[line[1]] = held.get(line[1], {}) | message.change.fields.values()

    def blame(self, what: str) -> None:
        """Tell what must not be."""
        self.world.blame(what)


def ids_of(messages: Sequence[Message]) -> list[int]:
    return [int(message.id) for message in messages]


def _states(verdict: Verdict) -> set[MessageState]:
    match verdict:
        case Delivered():
            return {MessageState.DELIVERED}
        case Bury():
            return {MessageState.DEAD}
        case Park():
            return {MessageState.PARKED}
        case _:
            return {MessageState.PENDING, MessageState.IN_FLIGHT}

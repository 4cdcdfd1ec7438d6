"""A platform in memory."""

from collections.abc import Sequence
from threading import Lock

from petiole.core.domain.change import ChangeKind, SegmentId
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Accepted, DeliveryReport, Outcome
from petiole.core.errors import DeliveryError


class MemorySink:
    """Holds profiles as a platform would, records what it was sent, and misbehaves on demand.

    `deliveries` lists the messages of every delivery in the order of arrival, also of those that
    failed. `profiles` is what the platform holds now. `calls` counts deliveries and readings.
    """

    def __init__(self) -> None:
        self.deliveries: list[Sequence[Message]] = []
        self.profiles: dict[tuple[SegmentId, Identifier], Fields] = {}
        self.calls = 0
        self._answers: dict[Identifier, Outcome] = {}
        self._errors: dict[int, tuple[DeliveryError, bool]] = {}
        self._lock = Lock()

    def answer(self, identifier: Identifier, outcome: Outcome) -> None:
        """From now on give this outcome for the profile; `ACCEPTED` ends the exception."""
        self._answers[identifier] = outcome

    def fail(self, call: int, error: DeliveryError, *, applied: bool = False) -> None:
        """Raise at the `call`-th call, from 1; with `applied`, after taking the messages over."""
        self._errors[call] = (error, applied)

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Take the messages over and report on each.

        Raises:
            DeliveryError: as scripted by `fail`.
        """
        with self._lock:
            self.deliveries.append(tuple(messages))
            self.calls += 1
            error, applied = self._errors.get(self.calls, (None, True))
            outcomes = self._take(messages) if applied else {}
        if error is not None:
            raise error
        return DeliveryReport(outcomes)

    def _take(self, messages: Sequence[Message]) -> dict[MessageId, Outcome]:
        outcomes: dict[MessageId, Outcome] = {}
        for message in messages:
            outcome = self._answers.get(message.change.identifier, ACCEPTED)
            if isinstance(outcome, Accepted):
                self._apply(message)
            outcomes[message.id] = outcome
        return outcomes

    def _apply(self, message: Message) -> None:
        change = message.change
        key = (change.scope.segment, change.identifier)
        match change.kind:
            case ChangeKind.ADD:
                self.profiles[key] = change.fields
            case ChangeKind.UPDATE:
                self.profiles[key] = self.profiles.get(key, Fields()).merged_with(change.fields)
            case ChangeKind.REMOVE:
                self.profiles.pop(key, None)


class VerifyingMemorySink(MemorySink):
    """The same, and it can be read back."""

    def verify(self, messages: Sequence[Message]) -> DeliveryReport:
        """Report `Accepted` for each message whose effect is there.

        Raises:
            DeliveryError: as scripted by `fail`.
        """
        with self._lock:
            self.calls += 1
            error, _ = self._errors.get(self.calls, (None, True))
            if error is not None:
                raise error
            return DeliveryReport({m.id: ACCEPTED for m in messages if self._shows(m)})

    def _shows(self, message: Message) -> bool:
        change = message.change
        held = self.profiles.get((change.scope.segment, change.identifier))
        if change.kind is ChangeKind.REMOVE:
            return held is None
        return held is not None and held.merged_with(change.fields) == held

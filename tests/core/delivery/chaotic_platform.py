"""A platform that fails in every way that a sink may tell of, until it is healed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TypeAlias

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, Deferred, DeliveryReport, Outcome, Rejected
from petiole.core.errors import (
    Ambiguous,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Timeout,
    Unavailable,
)

Trouble: TypeAlias = Callable[[Sequence[Message]], DeliveryReport]


@dataclass
class ChaoticPlatform:
    """One account. Whatever it does, it keeps true records of what it took and what it refused."""

    random: Random
    clock: FrozenClock
    healed: bool = False
    taken: defaultdict[Identifier, list[MessageId]] = field(
        default_factory=lambda: defaultdict(list)
    )
    profiles: dict[Identifier, dict[str, JsonValue]] = field(default_factory=dict)
    refused: set[MessageId] = field(default_factory=set)
    poison: set[MessageId] = field(default_factory=set)

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Take the messages, some of them, or none, and tell the truth, half of it, or nothing."""
        if self.poison & {message.id for message in messages}:
            return self._refuse(messages)
        troubles: list[Trouble] = [
            self._time_out,
            self._be_unavailable,
            self._throttle,
            self._refuse_the_token,
            self._cut_off,
            self._break,
            self._leave_one_out,
            self._poison_one,
        ]
        if self.healed or self.random.random() < 0.6:
            return self._answer(messages)
        return self.random.choice(troubles)(messages)

    def _answer(self, messages: Sequence[Message]) -> DeliveryReport:
        return DeliveryReport({message.id: self._outcome(message) for message in messages})

    def _outcome(self, message: Message) -> Outcome:
        draw = 1.0 if self.healed else self.random.random()
        if draw < 0.04:
            self.refused.add(message.id)
            return Rejected("105", "no such column")
        if draw < 0.08:
            return Deferred(self.clock.now() + self._while(), "busy")
        self._take(message)
        return ACCEPTED

    def _take(self, message: Message) -> None:
        change = message.change
        self.taken[change.identifier].append(message.id)
        match change.kind:
            case ChangeKind.ADD:
                self.profiles[change.identifier] = change.fields.values()
            case ChangeKind.UPDATE:
                before = self.profiles.get(change.identifier, {})
                self.profiles[change.identifier] = before | change.fields.values()
            case ChangeKind.REMOVE:
                self.profiles.pop(change.identifier, None)

    def _while(self) -> timedelta:
        return timedelta(seconds=self.random.uniform(-1, 30))

    def _time_out(self, _: Sequence[Message]) -> DeliveryReport:
        raise Timeout("no answer")

    def _be_unavailable(self, _: Sequence[Message]) -> DeliveryReport:
        raise Unavailable("gateway down", code="503")

    def _throttle(self, _: Sequence[Message]) -> DeliveryReport:
        raise Throttled("slow down", retry_after=self.random.choice([None, self._while()]))

    def _refuse_the_token(self, _: Sequence[Message]) -> DeliveryReport:
        raise InvalidCredentials("token refused")

    def _cut_off(self, messages: Sequence[Message]) -> DeliveryReport:
        self._answer(messages)
        raise Ambiguous("cut off")

    def _break(self, messages: Sequence[Message]) -> DeliveryReport:
        self._answer(messages[: len(messages) // 2])
        raise ValueError("a bug in the adapter")

    def _leave_one_out(self, messages: Sequence[Message]) -> DeliveryReport:
        outcomes = dict(self._answer(messages).outcomes)
        del outcomes[self.random.choice(messages).id]
        return DeliveryReport(outcomes)

    def _poison_one(self, messages: Sequence[Message]) -> DeliveryReport:
        self.poison.add(self.random.choice(messages).id)
        return self._refuse(messages)

    def _refuse(self, messages: Sequence[Message]) -> DeliveryReport:
        if len(messages) == 1:
            self.refused.add(messages[0].id)
        raise MalformedRequest("a record is broken", code="400")

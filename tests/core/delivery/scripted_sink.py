"""A sink that answers as a test tells it to, and keeps what it was asked."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from petiole.core.domain.message import Message, MessageId
from petiole.core.domain.report import ACCEPTED, DeliveryReport
from petiole.core.errors import DeliveryError

Answer: TypeAlias = Callable[[Sequence[Message]], DeliveryReport]


def accept(messages: Sequence[Message]) -> DeliveryReport:
    """Take everything."""
    return DeliveryReport({message.id: ACCEPTED for message in messages})


def accept_only(*numbers: int) -> Answer:
    """Report on these ids alone, whether they were asked about or not."""
    return lambda _: DeliveryReport({MessageId(number): ACCEPTED for number in numbers})


def fail_with(error: Exception) -> Answer:
    """Raise."""

    def answer(messages: Sequence[Message]) -> DeliveryReport:
        raise error.with_traceback(None)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """Give one answer after the other; the last one stays."""
    left = list(answers)

    def answer(messages: Sequence[Message]) -> DeliveryReport:
        return (left.pop(0) if len(left) > 1 else left[0])(messages)

    return answer


class ScriptedSink:
    """Asks its script for every answer. `calls` holds the ids of each call, in order."""

    def __init__(self, answer: Answer = accept) -> None:
        self.answer = answer
        self.calls: list[list[MessageId]] = []

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        """Answer by the script."""
        self.calls.append([message.id for message in messages])
        return self.answer(messages)


class ScriptedVerifyingSink(ScriptedSink):
    """Can be read back, by a script of its own. `readings` holds the ids of each reading."""

    def __init__(self, answer: Answer = accept, *, reading: Answer) -> None:
        super().__init__(answer)
        self.reading = reading
        self.readings: list[list[MessageId]] = []

    def verify(self, messages: Sequence[Message]) -> DeliveryReport:
        """Answer by the second script."""
        self.readings.append([message.id for message in messages])
        return self.reading(messages)


def refuse(culprits: set[int], error: DeliveryError) -> Answer:
    """Refuse every call that holds a culprit, as a whole; take the others."""

    def answer(messages: Sequence[Message]) -> DeliveryReport:
        if any(message.id in culprits for message in messages):
            raise error.with_traceback(None)
        return accept(messages)

    return answer

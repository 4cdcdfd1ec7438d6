"""A sink that answers, now and then, as other platforms' sinks may and this one never does."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.domain.message import Message
from petiole.core.domain.report import Deferred, DeliveryReport
from petiole.core.ports.profile_sink import ProfileSink

if TYPE_CHECKING:
    from tests.simulation.world import World

MOODS = 0.05
"""The share of deliveries in a rough world."""


class MoodySink:
    """Defers a message, leaves one out of its report, or fails as only a bug does."""

    def __init__(self, inner: ProfileSink, world: "World") -> None:
        self._inner = inner
        self._world = world

    def deliver(self, messages: Sequence[Message]) -> DeliveryReport:
        random = self._world.random
        if self._world.is_healing or random.random() >= MOODS * self._world.setup.roughness:
            return self._inner.deliver(messages)
        one = random.choice(messages)
        mood = random.choice(["defers", "leaves out", "fails after"])
        self._world.story.tell("sink", f"{mood} #{one.id}")
        if mood == "defers":
            return self._deferring(one, [message for message in messages if message is not one])
        outcomes = dict(self._inner.deliver(messages).outcomes)
        if mood == "fails after":
            raise ValueError("a bug in the adapter")
        del outcomes[one.id]
        return DeliveryReport(outcomes)

    def _deferring(self, one: Message, others: Sequence[Message]) -> DeliveryReport:
        outcomes = dict(self._inner.deliver(others).outcomes) if others else {}
        until = self._world.clock.now() + timedelta(seconds=self._world.random.uniform(-1, 30))
        return DeliveryReport({**outcomes, one.id: Deferred(until, "busy")})

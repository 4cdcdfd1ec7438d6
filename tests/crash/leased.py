"""A host whose leases are short, so that it can oversleep them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.events import Event
from petiole.host import Host
from tests.crash.story import NAME, Story

LEASE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Diary:
    """Keeps the kinds of events in a file, for another process to read."""

    path: Path

    def notify(self, event: Event) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(type(event).__name__) + "\n")

    @property
    def entries(self) -> Sequence[str]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def deliver_under_short_leases(story: Story, diary: Diary) -> None:
    """Deliver what is queued."""
    settings = story.settings()
    connection = settings.connections[NAME]
    with Host.open(settings, observer=diary) as host:
        container = host.container
        route = Route(
            connection=NAME,
            sink=container.sinks()[NAME],
            batching=connection.batching,
            retry=connection.retrying,
            max_in_flight=story.max_in_flight,
            lease=LEASE,
        )
        relay = Relay(
            [route],
            outbox=container.outbox(),
            states=container.states(),
            bookkeeping=container.bookkeeping(),
            workers=container.workers(),
            clock=container.clock(),
            chance=container.chance(),
            observer=container.observer(),
        )
        relay.drain(flush=True, patience=timedelta(seconds=10))

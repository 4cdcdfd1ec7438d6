"""Broken clocks."""

from datetime import datetime, timedelta, timezone

from petiole.core.ports.clock import Clock
from petiole.testing.zoo.mutant import breaks


@breaks(Clock.now, "aware, in UTC")
def knows_no_zone(clock: Clock) -> datetime:
    return clock.now().replace(tzinfo=None)


@breaks(Clock.now, "aware, in UTC")
def tells_the_local_time(clock: Clock) -> datetime:
    return clock.now().astimezone(timezone(timedelta(hours=1)))


@breaks(Clock.now, "the present moment")
class runs_backwards:
    def __init__(self) -> None:
        self.looks = 0

    def __call__(self, clock: Clock) -> datetime:
        self.looks += 1
        return clock.now() - timedelta(minutes=self.looks)

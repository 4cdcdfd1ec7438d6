"""What befalls processes and platforms, at random."""

from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.failpoints import FailPoint
from petiole.plugins.canopydeploy.sandbox.fault import Fault
from tests.simulation.setup import ACCOUNTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World

_POINTS = [point for point in FailPoint if not point.startswith("migration")]


class Accidents:
    """Each act, and how often it happens beside the others."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._random = world.random
        self.acts: list[tuple[Callable[[], None], int]] = [
            (self.set_the_clock, 3),
            (self.change_the_weather, 8),
            (self.break_down, 3),
            (self.revoke_or_grant_the_token, 2),
            (self.light_a_fuse, 8),
            (self.kill, 3),
            (self.stop, 3),
            (self.suspend, 5),
            (self.refuse_someone, 8),
        ]

    def set_the_clock(self) -> None:
        """Set the time of day ahead, or back."""
        spans = [1, 30, 3_600, 90_000]
        seconds = self._random.choice(spans) * self._random.choice([-1, 1])
        self.tell(f"set the clock by {seconds} s")
        self._world.clock.jump(timedelta(seconds=seconds))

    def change_the_weather(self) -> None:
        """Let calls go well, or not."""
        account = self._random.choice(ACCOUNTS)
        weather = self._world.weather[account]
        weather.trouble = self._random.choice([0.0, 0.3, 1.0]) * self._world.setup.roughness
        weather.is_out = False
        self.tell(f"weather of {account}: {weather.trouble:.2f}")

    def break_down(self) -> None:
        """Let nobody reach a platform for a while."""
        account = self._random.choice(ACCOUNTS)
        if self._world.setup.roughness:
            self._world.weather[account].is_out = True
            self.tell(f"{account} is out")

    def revoke_or_grant_the_token(self) -> None:
        """Let the token of an account work, or not."""
        account = self._random.choice(ACCOUNTS)
        active = self._random.random() < 0.6
        platform = self._world.platforms[account]
        platform.state.access.set(platform.token, active=active)
        self.tell(f"the token of {account} is {'' if active else 'in'}active")

    def refuse_someone(self) -> None:
        """Let a platform refuse a profile from now on, or take it again."""
        account = self._random.choice(ACCOUNTS)
        culprits = self._world.weather[account].culprits
        who = str(self._random.randint(1, self._world.setup.people))
        if culprits.pop(who, None) is None and self._world.setup.roughness:
            culprits[who] = self._random.choice([Fault.REJECT, Fault.REFUSE])
        self.tell(f"{account} refuses {culprits}")

    def light_a_fuse(self) -> None:
        """Let whoever passes a fail point for the nth time die there."""
        point = self._random.choice(_POINTS)
        self._world.fuse = (point, self._random.randint(1, 3))
        self.tell(f"fuse at {point}, {self._world.fuse[1]}")

    def kill(self) -> None:
        """Kill a process."""
        for process in self._world.running()[:1]:
            process.tell("is killed")
            process.kill()

    def stop(self) -> None:
        """Ask a process to end."""
        for process in self._world.running()[:1]:
            process.tell("is asked to end")
            process.stop()

    def suspend(self) -> None:
        """Suspend the next process that sends, for a while that may be longer than its leases."""
        seconds = self._random.choice([0.5, 9.0, 45.0, 55.0, 61.0, 63.0, 66.0, 150.0])
        self._world.snare = (seconds, self._random.random() < 0.3)
        self.tell(f"snare of {self._world.snare} s")

    def tell(self, what: str) -> None:
        """Add to the story."""
        self._world.story.tell("fate", what)

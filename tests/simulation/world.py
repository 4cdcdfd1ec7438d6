"""One world: processes, platforms and people in virtual time, until all is healed."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from petiole.adapters.memory import FrozenClock
from petiole.core.delivery.relay import Relay
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint, arm
from petiole.plugins.canopydeploy.sandbox.document import Document
from petiole.plugins.canopydeploy.sandbox.platform import Platform
from tests.simulation.books import Books
from tests.simulation.hosting import TOKEN, TOKEN_VARIABLE, Variation, wired
from tests.simulation.judging import judge
from tests.simulation.network import Network
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.setup import ACCOUNTS, Setup
from tests.simulation.stores import Keeping, MemoryKeeping, Opened, Seen, SqliteKeeping
from tests.simulation.story import Story
from tests.simulation.strands import Killed, current
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Weather
from tests.simulation.witness import Witness

IDLE_ROUNDS = 4
LONGEST_SECONDS = 600.0


class Violation(AssertionError):
    """Something happened that must not."""


class World:
    """Everything there is."""

    def __init__(
        self,
        setup: Setup,
        *,
        variation: Variation | None = None,
        show: Callable[[str], None] | None = None,
    ) -> None:
        os.environ.setdefault(TOKEN_VARIABLE, TOKEN)
        self.setup = setup
        self.random = Random(f"world {setup.seed}")
        self.clock = FrozenClock()
        self.timeline = Timeline(self.clock)
        self.story = Story(self.clock, show)
        self.keeping: Keeping = (
            MemoryKeeping(self.clock) if setup.in_memory else SqliteKeeping(self.clock)
        )
        self.platforms = {account: self._platform() for account in ACCOUNTS}
        self.weather = {
            account: Weather(self.random, trouble=setup.roughness * 0.5) for account in ACCOUNTS
        }
        self.network = Network(self, self.platforms)
        self.witness = Witness(self)
        self.books = Books(self.blame)
        self.people = People(self)
        self.fuse: tuple[FailPoint, int] | None = None
        self.snare: tuple[float, bool] | None = None
        """For how long the next sender is suspended; true waits for a batch's second call."""
        self.busyness = setup.busyness
        self.processes: list[Process] = []
        self.is_healing = False
        self._variation = variation or Variation()
        self._blamed: list[str] = []
        self._rows: Sequence[Seen] = ()
        self._number = 0
        self._looks = 0

    def _platform(self) -> Platform:
        platform = Platform(token=TOKEN)
        platform.state.clock.now = self.clock.now  # type: ignore[method-assign]
        quotas = [lane.quota.calls for lane in self.setup.lanes.values() if lane.quota]
        if quotas:
            platform.state.change(Document({"daily_quota": quotas[0]}, where="world"))
        return platform

    def run(self) -> Story:
        """Let it all happen.

        Raises:
            Violation: something must not have happened.
        """
        self.story.tell("world", self.setup.told())
        arm(self._pass)
        try:
            for _ in range(self.setup.runners):
                self.begin_process()
            for _ in range(self.setup.acts):
                self._live(self.random.expovariate(1 / self.setup.pace_seconds))
                self.people.act()
                self.check()
            self._live(self.random.uniform(0, 60))
            self._heal()
            self._judge()
        finally:
            arm(None)
            self._end()
        return self.story

    def _live(self, seconds: float) -> None:
        """Let time pass."""
        until = self.clock.uptime() + timedelta(seconds=seconds)
        while (at := self.timeline.next_at) is not None and at <= until:
            self.timeline.step()
            self.check()
        self.clock.advance(max(until - self.clock.uptime(), timedelta()))

    def begin_process(self, *, drains: bool = False) -> Process:
        """Start another process."""
        self._number += 1
        process = Process(self, f"host-{self._number}")
        self.processes.append(process)
        process.tell("begins")
        process.start(self._wire, drains=drains)
        return process

    def _wire(self, process: Process, opened: Opened) -> Relay:
        return wired(self, process, opened.store, self._variation)

    def running(self) -> list[Process]:
        """Show those that are alive."""
        return [process for process in self.processes if process.is_alive]

    def _pass(self, point: FailPoint) -> None:
        """Be told of a fail point; whoever passes it when the fuse is burnt down, dies."""
        if self.fuse is None or self.fuse[0] is not point:
            return
        left = self.fuse[1] - 1
        self.fuse = (point, left) if left else None
        if left:
            return
        strand = current()
        process = strand.owner if strand else None
        if isinstance(process, Process):
            process.tell(f"dies at {point}")
            self.witness.dying(process, point)
            process.die()
        else:
            self.people.tell(f"die at {point}")
        raise Killed

    def spring(self, process: Process, *, again: bool) -> None:
        """Let the snare catch a process that sends, in a moment."""
        if self.snare is not None and again >= self.snare[1]:
            (seconds, _), self.snare = self.snare, None
            delay = self.random.choice([0.0, 0.02, 3.0])
            self.timeline.after(delay, lambda: process.suspend(seconds))

    def ring(self) -> None:
        """Tell the processes that there is something new; a ring may get lost."""
        for process in self.running():
            if self.setup.bell and self.random.random() < 0.9:
                self.timeline.after(0.001, process.workers.wake)

    def blame(self, what: str) -> None:
        """Take note of a violation; it is raised where nobody can swallow it."""
        self.story.tell("VIOLATION", what)
        self._blamed.append(what)

    def check(self) -> None:
        """Look at what is stored after each step, and raise what was blamed."""
        self.take_stock()
        awake = sum(not process.is_suspended for process in self.running())
        if awake < self.setup.runners and not self.is_healing:
            self.begin_process()
        if self._blamed:
            raise Violation("; ".join(self._blamed))

    def rows(self) -> Sequence[Seen]:
        """Show what is stored."""
        self._rows = self.keeping.look() or self._rows
        return self._rows

    def take_stock(self, *, decided: bool = False, forgotten: datetime | None = None) -> None:
        """Compare what is stored with the books."""
        rows = self.keeping.look()
        if rows is None:
            return
        self._rows = rows
        self.books.take(rows, decided=decided, forgotten=forgotten)
        self.books.check_lines()
        self._looks += 1
        for name in self.setup.lanes:
            self._check_sums(name, thoroughly=self._looks % 10 == 0)

    def _check_sums(self, name: ConnectionName, *, thoroughly: bool) -> None:
        books = self.people.store.store.bookkeeping
        audit = books.audit(name) if thoroughly else None
        self.books.check_sums(name, books.tally(name), audit)

    def _heal(self) -> None:
        """Let everything become well, and drain."""
        self.story.tell("world", "heals")
        self.is_healing, self.fuse, self.snare, self.busyness = True, None, None, 0.0
        for weather in self.weather.values():
            weather.clear()
        for platform in self.platforms.values():
            platform.state.access.set(TOKEN, active=True)
        for process in self.running():
            process.continue_()
            (process.kill if self.random.random() < 0.5 else process.stop)()
        idle, open_before = 0, -1
        while idle < IDLE_ROUNDS:
            self._live(LONGEST_SECONDS)
            open_now = sum(entry.state not in _ENDS for entry in self.books.entries.values())
            if not self.running() and not open_now:
                return
            idle = idle + 1 if open_now == open_before else 0
            open_before = open_now
            self._let_go_on()
            if not self.running():
                self.begin_process(drains=True)
        left = {name: dict(self.books.tally(name)) for name in self.setup.lanes}
        self.blame(f"nothing moves any more: {left}")
        self.check()

    def _let_go_on(self) -> None:
        """Lift what holds, decide what waits for a person, and let another day begin."""
        self.clock.jump(timedelta(days=1))
        for lane in self.setup.lanes.values():
            self.people.resume_lane(lane.name)
            parked = LetterSelection(state=MessageState.PARKED, connections=[lane.name])
            self.people.decide_on(parked, Decision.RESEND)
            self.people.decide_on(parked, Decision.ARRIVED)
            if lane.hold_dead:
                dead = LetterSelection(connections=[lane.name])
                self.people.decide_on(dead, Decision.DISCARD)
        self.check()

    def _judge(self) -> None:
        for name in self.setup.lanes:
            self._check_sums(name, thoroughly=True)
        judge(self)
        self.check()
        ended = f"{self.network.calls} calls, {len(self.books.entries)} messages"
        self.story.tell("world", f"ends: {ended}")

    def _end(self) -> None:
        for process in self.running():
            process.kill()
        self.people.close()
        self.keeping.close()


_ENDS = {MessageState.DELIVERED, MessageState.FOLDED, MessageState.DEAD, MessageState.ERASED}

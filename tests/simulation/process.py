"""One process: a relay and its workers, that may be stopped, suspended and killed at any point."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from petiole.core.delivery.landing import Delivery
from petiole.core.errors import OutboxBusy
from tests.simulation.strands import Killed, Strand, current

if TYPE_CHECKING:
    from petiole.core.delivery.relay import Relay
    from tests.simulation.stores import Opened
    from tests.simulation.world import World


class Waiter:
    """A strand that waits for something, or until its time is up."""

    def __init__(self, process: "Process") -> None:
        strand = current()
        assert strand is not None
        self._process = process
        self._strand = strand
        self._is_over = False

    def wake(self) -> None:
        """End the waiting, if it is not over yet."""
        if not self._is_over:
            self._is_over = True
            self._process.go_on(self._strand)

    def wait(self, seconds: float) -> None:
        """Wait."""
        self._process.world.timeline.after(seconds, self.wake)
        self._strand.pause()


class Process:
    """Its strands go on only while it is neither suspended nor dead."""

    def __init__(self, world: "World", name: str) -> None:
        self.world = world
        self.name = name
        self.is_alive = True
        self.is_dying = False
        self.is_suspended = False
        self.is_stopping = False
        self.workers = Workers(self)
        self._strands: list[Strand] = []
        self._stalled: list[Strand] = []

    def start(
        self, work: Callable[["Process", "Opened"], "Relay"], *, drains: bool = False
    ) -> None:
        """Begin to run."""

        def main() -> None:
            opened = self.world.keeping.open()
            try:
                relay = work(self, opened)
                try:
                    if drains:
                        relay.drain(flush=True, patience=timedelta(minutes=2))
                    else:
                        poll = timedelta(seconds=self.world.setup.poll_seconds)
                        relay.run(until=lambda: self.is_stopping, poll=poll)
                except OutboxBusy:
                    self.tell("gives up: the outbox is busy")
            except Killed:
                opened.drop()
                raise
            opened.close()
            self.is_alive = False
            self.tell("ends")

        self.spawn("main", main)

    def spawn(self, name: str, body: Callable[[], None], after: float = 0.0) -> None:
        """Begin another strand."""
        strand = Strand(f"{self.name}/{name}", body)
        strand.owner = self
        self._strands.append(strand)
        self.world.timeline.after(after, lambda: self.go_on(strand))

    def go_on(self, strand: Strand) -> None:
        """Let a strand go on, now or when the process is no longer suspended."""
        if self.is_suspended:
            self._stalled.append(strand)
        elif not strand.is_done():
            strand.resume()
            if strand.is_done():
                self._strands.remove(strand)
        if self.is_dying:
            self._bury()

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass for the strand that calls."""
        Waiter(self).wait(seconds)

    def suspend(self, seconds: float) -> None:
        """As SIGSTOP does, and SIGCONT after so many seconds."""
        if self.is_alive and not self.is_suspended:
            self.tell(f"is suspended for {seconds} s")
            self.is_suspended = True
            self.world.timeline.after(seconds, self.continue_)

    def continue_(self) -> None:
        """As SIGCONT does."""
        self.is_suspended = False
        stalled, self._stalled = self._stalled, []
        for strand in stalled:
            self.world.timeline.after(0, partial(self.go_on, strand))

    def stop(self) -> None:
        """As SIGTERM does."""
        self.is_stopping = True
        self.workers.wake()

    def die(self) -> None:
        """Be killed where it stands, from within; the strand that does it raises `Killed`."""
        self.is_dying = True

    def kill(self) -> None:
        """Be killed from outside, as SIGKILL does."""
        self.is_dying = True
        self._bury()

    def _bury(self) -> None:
        self.is_dying, self.is_alive, self.is_suspended = False, False, False
        strands, self._strands = self._strands, []
        for strand in strands:
            strand.kill()

    def tell(self, what: str) -> None:
        """Add to the story."""
        self.world.story.tell(self.name, what)


class Workers:
    """Runs each task as a strand; results come back when the tasks are done, in whatever order."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._results: list[Delivery] = []
        self._waiter: Waiter | None = None
        self._is_woken = False

    def submit(self, connection: str, task: Callable[[], Delivery]) -> None:
        """Begin in a moment."""
        delay = self._process.world.random.choice([0.0, 0.001, 0.1])

        def work() -> None:
            result = task()
            self._results.append(result)
            self._ring(self._process.world.random.choice([0.0, 0.01]))

        self._process.spawn(f"{connection}", work, delay)

    def collect(self, timeout: timedelta) -> Sequence[Delivery]:
        """Hand over what there is, waiting up to `timeout` for the first one."""
        if not self._results and not self._is_woken:
            self._waiter = Waiter(self._process)
            self._waiter.wait(timeout / timedelta(seconds=1))
            self._waiter = None
        self._is_woken = False
        results, self._results = self._results, []
        return results

    def wake(self) -> None:
        """Let `collect` return."""
        self._is_woken = True
        self._ring(0.0)

    def _ring(self, delay: float) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._process.world.timeline.after(delay, waiter.wake)

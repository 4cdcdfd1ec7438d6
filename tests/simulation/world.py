"""One world: processes, platforms and people in virtual time, from one seed, until all is healed."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from petiole.adapters.canopydeploy import faults
from petiole.adapters.canopydeploy.credentials import Credentials
from petiole.adapters.canopydeploy.rest import WebhookSink
from petiole.adapters.canopydeploy.settings import CanopyDeployBatchSettings
from petiole.adapters.canopydeploy.transport import Poster
from petiole.adapters.canopydeploy.wire import Wire
from petiole.adapters.memory import FrozenClock, SeededChance
from petiole.core.delivery.relay import Relay
from petiole.core.delivery.route import Route
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.events import BatchSettled, Event
from petiole.core.domain.identity import IdentifierType
from petiole.core.domain.message import MessageState
from petiole.core.failpoints import FailPoint, arm
from petiole.core.ports.bookkeeping import Bookkeeping
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.outbox import Outbox
from petiole.core.ports.profile_sink import ProfileSink
from petiole.plugins.canopydeploy.sandbox.platform import Platform
from tests.simulation.books import Books
from tests.simulation.busy import BusyOutbox, BusyStates
from tests.simulation.network import Cable, Network
from tests.simulation.people import People
from tests.simulation.process import Process
from tests.simulation.setup import ACCOUNTS, LEASE, TIMEOUT_SECONDS, ZONE, Lane, Setup
from tests.simulation.stores import Keeping, MemoryKeeping, Opened, Seen, SqliteKeeping, Store
from tests.simulation.story import Story
from tests.simulation.strands import Killed, current
from tests.simulation.timeline import Timeline
from tests.simulation.weather import Weather
from tests.simulation.witness import WatchedOutbox, WatchedSink, WatchedVerifyingSink, Witness

TOKEN = "3f0c2b7e-5d1a-4c55-9a0e-0d6f4b8e21aa"
TOKEN_VARIABLE = "SIMULATION_TOKEN"
MOUNT = "https://twin.example.org/app/api/rest/public/v2/project/datahook/data-receiver/demo"
ROUNDS = 12
LONGEST_SECONDS = 600.0


class Violation(AssertionError):
    """Something happened that must not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """How a world differs from the real one, to see whether that is noticed."""

    relay: type[Relay] = Relay
    outbox: Callable[[Outbox, Store], Outbox] = lambda outbox, _: outbox
    states: Callable[[ConnectionStates], ConnectionStates] = lambda states: states
    bookkeeping: Callable[[Bookkeeping], Bookkeeping] = lambda bookkeeping: bookkeeping
    sink: Callable[[ProfileSink], ProfileSink] = lambda sink: sink


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
        """For how long the next process that sends is suspended; true waits for a batch's second call."""
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
            from petiole.plugins.canopydeploy.sandbox.document import Document

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
        except Violation:
            raise
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

    # --- processes

    def begin_process(self, *, drains: bool = False) -> Process:
        """Start another process."""
        self._number += 1
        process = Process(self, f"host-{self._number}")
        self.processes.append(process)
        process.tell("begins")
        process.start(self._relay, drains=drains)
        return process

    def running(self) -> list[Process]:
        """Show those that are alive."""
        return [process for process in self.processes if process.is_alive]

    def bury(self, process: Process) -> None:
        """Take note of a death."""
        for claim in self.witness.claims.values():
            if claim.process is process and not claim.is_settled:
                self.witness.cut_short += len(claim.batch.messages)

    def _relay(self, process: Process, opened: Opened) -> Relay:
        store = opened.store
        variation = self._variation
        outbox = BusyOutbox(variation.outbox(store.outbox, store), self)
        return variation.relay(
            [self._route(process, lane) for lane in self.setup.lanes.values()],
            outbox=WatchedOutbox(outbox, store, process),
            states=BusyStates(variation.states(store.states), self),
            bookkeeping=variation.bookkeeping(store.bookkeeping),
            workers=process.workers,
            clock=self.clock,
            chance=SeededChance(self.random.randrange(2**32)),
            observer=_Listener(self.witness),
        )

    def _route(self, process: Process, lane: Lane) -> Route:
        watched = WatchedVerifyingSink if lane.verifies else WatchedSink
        sink = self._variation.sink(self._sink(process, lane))
        return Route(
            connection=lane.name,
            sink=watched(sink, process, lane.scope.account),
            batching=lane.batching,
            retry=lane.retry,
            breaker=lane.breaker,
            ambiguity=lane.ambiguity,
            hold_dead=lane.hold_dead,
            max_in_flight=lane.max_in_flight,
            quota=lane.quota,
            lease=LEASE,
        )

    def _sink(self, process: Process, lane: Lane) -> WebhookSink:
        """Make the real one, over the wire of this world."""
        settings = _SETTINGS
        credentials = Credentials(settings.token, auth="bearer", username=None)
        calls = lane.quota.calls if lane.quota else 50_000
        poster = Poster(
            settings.endpoint,
            credentials,
            timeout_seconds=TIMEOUT_SECONDS,
            transport=Cable(self.network, process, lane.scope.account),
        )
        return WebhookSink(
            wire=Wire(settings, IdentifierType.CUSTOMER_ID),
            poster=poster,
            credentials=credentials,
            quota=faults.Quota(daily_calls=calls, zone=ZONE),
            max_call_bytes=1_000_000,
            now=self.clock.now,
        )

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

    # --- what is checked

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

    def take_stock(self, *, decided: bool = False, pruned_before: object = None) -> None:
        """Compare what is stored with the books."""
        rows = self.keeping.look()
        if rows is None:
            return
        self._rows = rows
        self.books.take(rows, decided=decided)
        self.books.check_lines()
        self._looks += 1
        for name in self.setup.lanes:
            self._check_sums(name, thoroughly=self._looks % 10 == 0)

    def _check_sums(self, name: ConnectionName, *, thoroughly: bool) -> None:
        books = self.people.store.store.bookkeeping
        audit = books.audit(name) if thoroughly else None
        self.books.check_sums(name, books.tally(name), audit)

    # --- the end

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
        for _ in range(ROUNDS):
            self._live(LONGEST_SECONDS)
            if not self.running() and self._is_drained():
                return
            self._let_go_on()
            if not self.running():
                self.begin_process(drains=True)
        self.blame(
            f"nothing moves any more: {[self.books.tally(name) for name in self.setup.lanes]}"
        )
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

    def _is_drained(self) -> bool:
        return all(entry.state in _ENDS for entry in self.books.entries.values())

    def _judge(self) -> None:
        """Compare what the platforms hold with what they accepted, and with the ledger."""
        for name in self.setup.lanes:
            self._check_sums(name, thoroughly=True)
        self._judge_platforms()
        self._judge_ledger()
        repeated = sum(number - 1 for number in self.witness.applied.values())
        witness = self.witness
        told = witness.resent + witness.cut_short + witness.strays
        told += sum(entry.sent_again for entry in self.books.entries.values())
        if repeated > told:
            again = [f"#{id_}" for id_, number in self.witness.applied.items() if number > 1]
            self.blame(f"{repeated} arrived again, of which {told} were told: {again}")
        for entry in self.books.entries.values():
            if entry.state is MessageState.DELIVERED and not self.witness.applied[entry.id]:
                if not entry.is_said_to_have_arrived:
                    self.blame(f"#{entry.id} is delivered, but the platform never had it")
        self.check()
        self.story.tell(
            "world", f"ends: {self.network.calls} calls, {len(self.books.entries)} messages"
        )

    def _judge_platforms(self) -> None:
        for account, platform in self.platforms.items():
            profiles = platform.state.profiles.standing().profiles
            for segment in sorted({lane.scope.segment for lane in self.setup.lanes.values()}):
                wanted = self.witness.held.get((account, segment), {})
                held = {who: dict(fields) for who, fields in profiles.get(segment, {}).items()}
                if held != wanted:
                    self.blame(f"{account} holds {held} in {segment}, not {wanted}")

    def _judge_ledger(self) -> None:
        ledger = self.people.store.store.ledger
        for lane in self.setup.lanes.values():
            wanted = self.books.held.get((lane.name, lane.scope.segment), set())
            if ledger.count(lane.scope) != len(wanted):
                self.blame(f"the ledger of {lane.name} counts {ledger.count(lane.scope)}")
            sharing = [n for n in self.setup.lanes.values() if _same_place(n, lane)]
            for entry in self.books.entries.values():
                who = entry.first.identifier
                if entry.connection != lane.name:
                    continue
                if ledger.holds(lane.scope, who) != (who.value in wanted):
                    self.blame(f"the ledger of {lane.name} is wrong about {who.value}")
                place = self.witness.held.get((lane.scope.account, lane.scope.segment), {})
                sure = len(sharing) == 1 and self._is_sure(entry.line, lane)
                if sure and ledger.holds(lane.scope, who) != (who.value in place):
                    self.blame(f"{lane.name} and the platform differ about {who.value}")

    def _is_sure(self, line: tuple[str, str], lane: Lane) -> bool:
        """Tell whether nobody but the platform itself had a say in what it holds of a profile."""
        if line in self.witness.clouded:
            return False
        return not any(
            entry.line == line
            and entry.connection == lane.name
            and (
                entry.is_said_to_have_arrived
                or entry.is_redriven
                or (self.witness.applied[entry.id] and entry.state is not MessageState.DELIVERED)
            )
            for entry in self.books.entries.values()
        )

    def _end(self) -> None:
        for process in self.running():
            process.kill()
        self.people.close()
        self.keeping.close()


_ENDS = {MessageState.DELIVERED, MessageState.FOLDED, MessageState.DEAD, MessageState.ERASED}
_SETTINGS = CanopyDeployBatchSettings.model_validate(
    {"endpoint": MOUNT, "token": {"env": TOKEN_VARIABLE}}
)


class _Listener:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def notify(self, event: Event) -> None:
        if isinstance(event, BatchSettled):
            self._witness.resent += event.resent


def _same_place(one: Lane, other: Lane) -> bool:
    return (one.scope.account, one.scope.segment) == (other.scope.account, other.scope.segment)

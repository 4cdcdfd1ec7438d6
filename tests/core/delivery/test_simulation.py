"""Whatever happens, in whatever order: nothing is lost, order holds, the sums add up."""

from collections import Counter, defaultdict
from contextlib import suppress
from datetime import timedelta
from random import Random
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from petiole.adapters.memory import FrozenClock, MemoryState, RecordingObserver, SeededChance
from petiole.adapters.memory.row import LineKey, Row
from petiole.core.domain.backoff import RetryPolicy
from petiole.core.domain.batching import BatchPolicy
from petiole.core.domain.breaker import BreakerPolicy
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import Decision
from petiole.core.domain.events import BatchSettled, LeaseExpired
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.domain.settlement import AmbiguityPolicy
from petiole.core.failpoints import FailPoint, arm
from tests.core.delivery.chaotic_platform import ChaoticPlatform
from tests.core.delivery.stage import SlowWorkers, Stage
from tests.core.profiles import MINUTE, SECOND, change, person, scope

ACCOUNTS = {"batch": "shop", "realtime": "shop", "elsewhere": "school"}
LANES = {
    "batch": BatchPolicy(max_profiles=3, max_age=MINUTE),
    "realtime": BatchPolicy(max_profiles=1, max_age=timedelta(0)),
    "elsewhere": BatchPolicy(max_profiles=5, max_age=10 * SECOND),
}
TAKES = {"batch": 4 * SECOND, "realtime": 0.3 * SECOND, "elsewhere": SECOND}
YEARS = timedelta(days=3653)
PATIENT = RetryPolicy(max_attempts=10_000, max_age=100 * YEARS, ceiling=20 * SECOND)
COLUMNS = ("city", "firstname")
PEOPLE = 8
Profiles: TypeAlias = dict[Identifier, dict[str, JsonValue]]


class Killed(BaseException):
    """The process is gone: nobody catches this."""


class Weather(RuleBasedStateMachine):
    """Two runners, three connections, two accounts that misbehave, and people who interfere."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        self.clock = FrozenClock()
        self.state = MemoryState()
        self.observer = RecordingObserver()
        self.random = Random(seed)
        self.platforms = {
            account: ChaoticPlatform(self.random, self.clock) for account in ACCOUNTS.values()
        }
        self.wanted: defaultdict[str, Profiles] = defaultdict(dict)
        self.runners = [self.runner(), self.runner()]
        self.cut_short = 0
        self.decided: set[MessageId] = set()

    def runner(self) -> Stage:
        stage = Stage(
            clock=self.clock,
            state=self.state,
            observer=self.observer,
            chance=SeededChance(self.random.randrange(2**32)),
            workers=SlowWorkers(self.clock, TAKES),
        )
        for name, batching in LANES.items():
            stage.serve(self.platforms[ACCOUNTS[name]], name)
            stage.set(
                name,
                batching=batching,
                retry=PATIENT,
                breaker=BreakerPolicy(threshold=3, pace=PATIENT),
                max_in_flight=2,
            )
        stage.set("elsewhere", ambiguity=AmbiguityPolicy.PARK, hold_dead=True)
        return stage

    @rule(least=st.integers(1, 12))
    def sources_tell_changes(self, least: int) -> None:
        for _ in range(self.random.randint(least, 20)):
            lane = self.random.choice(list(LANES))
            one = self.likely_change(lane, self.random.randint(1, PEOPLE))
            self.runners[0].store.outbox.enqueue([one], folding=lane == "batch")

    def likely_change(self, lane: str, number: int) -> ProfileChange:
        """Change a profile as a source can, and keep in mind what it is to be."""
        profiles, who = self.wanted[ACCOUNTS[lane]], person(number)
        kinds = [ChangeKind.UPDATE, ChangeKind.REMOVE] if who in profiles else [ChangeKind.ADD]
        kind = self.random.choice(kinds)
        names = COLUMNS if kind is ChangeKind.ADD else COLUMNS[self.random.randint(0, 1) :]
        fields: dict[str, JsonValue] = {name: self.random.randint(0, 9) for name in names}
        if kind is ChangeKind.REMOVE:
            fields.clear()
            del profiles[who]
        else:
            profiles[who] = profiles.get(who, {}) | fields
        return change(number, kind, fields, within=scope(lane, account=ACCOUNTS[lane]))

    @rule(who=st.integers(0, 1), seconds=st.integers(1, 40), together=st.booleans())
    def time_passes(self, who: int, seconds: int, together: bool) -> None:  # noqa: FBT001 - hypothesis hands it in
        end = self.clock.uptime() + seconds * SECOND

        def over() -> bool:
            if together:
                self.runners[1 - who].drain()
            return self.clock.uptime() >= end

        self.runners[who].relay().run(until=over)

    @rule(who=st.integers(0, 1), turns=st.integers(1, 6))
    def runner_is_killed(self, who: int, turns: int) -> None:
        left = iter([False] * turns)

        def until() -> bool:
            for stop in left:
                return stop
            raise Killed

        with suppress(Killed):
            self.runners[who].relay().run(until=until)
        self.bury(who)

    @rule(who=st.integers(0, 1), seconds=st.integers(1, 40), passes=st.integers(1, 40))
    def runner_dies_at_a_fail_point(self, who: int, seconds: int, passes: int) -> None:
        left = iter(range(passes))

        def die_at_the_last(_: FailPoint) -> None:
            if next(left, None) is None:
                raise Killed

        end = self.clock.uptime() + seconds * SECOND
        arm(die_at_the_last)
        try:
            with suppress(Killed):
                self.runners[who].relay().run(until=lambda: self.clock.uptime() >= end)
        finally:
            arm(None)
        self.bury(who)

    def bury(self, who: int) -> None:
        """End a runner where it stands; what it had sent or found doubtful may go untold."""
        open_rows = self.rows(MessageState.IN_FLIGHT, MessageState.PENDING)
        self.cut_short += sum(row.attempts > 0 for row in open_rows)
        self.runners[who].store.close()
        self.runners[who] = self.runner()

    @rule(
        decision=st.sampled_from(Decision),
        state=st.sampled_from([MessageState.DEAD, MessageState.PARKED]),
        editing=st.booleans(),
    )
    def operator_decides(self, decision: Decision, state: MessageState, editing: bool) -> None:  # noqa: FBT001 - hypothesis hands it in
        stage = self.runners[0]
        letters = stage.letters(state)
        self.decided |= {letter.id for letter in letters}
        for letter in letters if editing else ():
            stage.store.dead_letters.edit(letter.id, Fields.of({"city": 0}), by="Noor")
        stage.decide(decision, state)

    @rule(lane=st.sampled_from(sorted(LANES)))
    def operator_pauses(self, lane: str) -> None:
        self.runners[0].pause(lane)

    @rule(lane=st.sampled_from(sorted(LANES)))
    def operator_resumes(self, lane: str) -> None:
        self.runners[0].resume(lane)

    @rule(minutes=st.integers(-60, 60))
    def clock_is_set(self, minutes: int) -> None:
        self.clock.jump(minutes * MINUTE)

    @rule(back=st.booleans())
    def clock_jumps_by_years(self, back: bool) -> None:  # noqa: FBT001 - hypothesis hands it in
        self.clock.jump(-YEARS if back else YEARS)

    @rule()
    def runner_flushes(self) -> None:
        self.runners[0].drain(flush=True)

    @invariant()
    def sums_add_up(self) -> None:
        for lane in LANES:
            books = self.runners[0].store.bookkeeping
            tally = books.tally(ConnectionName(lane))
            assert tally.balanced
            assert tally == books.audit(ConnectionName(lane))

    @invariant()
    def profile_is_in_flight_once_at_most(self) -> None:
        flying = Counter(row.line for row in self.rows(MessageState.IN_FLIGHT))
        assert all(count == 1 for count in flying.values())

    @invariant()
    def order_holds(self) -> None:
        for platform in self.platforms.values():
            for taken in platform.taken.values():
                undecided = [id_ for id_ in taken if id_ not in self.decided]
                assert undecided == sorted(undecided)

    def rows(self, *states: MessageState) -> list[Row]:
        return [row for row in self.state.rows.values() if row.state in states]

    def teardown(self) -> None:
        if not hasattr(self, "runners"):
            return
        self.heal()
        self.nothing_is_left()
        self.nothing_is_lost()
        self.profiles_are_as_wanted()
        self.ledger_is_as_the_platform()
        self.repetitions_are_told()

    def heal(self) -> None:
        for platform in self.platforms.values():
            platform.healed = True
        for lane in LANES:
            self.operator_resumes(lane)
        # Beyond every moment that was promised before the clock was set back.
        self.clock.advance(timedelta(days=30))
        self.runners[1].store.close()
        self.runners[0].drain(flush=True, patience=5 * MINUTE)
        while self.runners[0].tally("elsewhere").open:
            before = self.runners[0].tally("elsewhere")
            self.operator_decides(Decision.RESEND, MessageState.PARKED, editing=False)
            self.operator_decides(Decision.DISCARD, MessageState.DEAD, editing=False)
            self.runners[0].drain(flush=True, patience=5 * MINUTE)
            assert self.runners[0].tally("elsewhere") != before

    def nothing_is_left(self) -> None:
        for lane in LANES:
            assert self.runners[0].tally(lane).open == 0
            # Where people may decide about the last failure, no success need follow it.
            assert lane == "elsewhere" or self.runners[0].flow(lane).failures == 0
        self.sums_add_up()
        self.order_holds()

    def nothing_is_lost(self) -> None:
        for row in self.rows(MessageState.DELIVERED):
            platform = self.platforms[row.change.scope.account]
            assert row.id in {*platform.taken[row.change.identifier], *self.decided}
        for row in self.rows(MessageState.DEAD):
            assert row.id in self.platforms[row.change.scope.account].refused
        for row in self.rows(MessageState.ERASED):
            assert row.id in self.decided

    def profiles_are_as_wanted(self) -> None:
        spoilt = self.spoilt()
        for account, platform in self.platforms.items():
            for number in range(1, PEOPLE + 1):
                who = person(number)
                if (account, who) not in spoilt:
                    assert platform.profiles.get(who) == self.wanted[account].get(who)

    def ledger_is_as_the_platform(self) -> None:
        platform = self.platforms["school"]
        for number in range(1, PEOPLE + 1):
            if ("school", person(number)) not in self.spoilt():
                held = self.runners[0].store.ledger.holds(
                    scope("elsewhere", account="school"), person(number)
                )
                assert held == (person(number) in platform.profiles)

    def spoilt(self) -> set[LineKey]:
        """Name the profiles of which something was refused, or decided by a person."""
        dead = {row.line for row in self.rows(MessageState.DEAD)}
        return dead | {self.state.rows[id_].line for id_ in self.decided}

    def repetitions_are_told(self) -> None:
        assert self.observer.of(LeaseExpired) == []
        repeated = sum(
            len(taken) - len(set(taken))
            for platform in self.platforms.values()
            for taken in platform.taken.values()
            for taken in [[id_ for id_ in taken if id_ not in self.decided]]
        )
        told = sum(event.resent for event in self.observer.of(BatchSettled))
        assert repeated <= told + self.cut_short


TestWeather = Weather.TestCase
TestWeather.settings = settings(max_examples=100, stateful_step_count=40)

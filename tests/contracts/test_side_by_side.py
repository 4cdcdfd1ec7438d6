"""Whatever happens to it, the store on disk behaves as the plain one in memory does."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Concatenate, ParamSpec, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from petiole.adapters.memory import FrozenClock
from petiole.core.domain.batching import Backlog, BatchPolicy
from petiole.core.domain.change import ChangeKind, ConnectionName, ProfileChange, Scope
from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Happening
from petiole.core.domain.message import Batch, Message, MessageId, MessageState
from petiole.core.domain.settlement import (
    DELIVERED,
    Bury,
    Defer,
    Park,
    Retry,
    Settlement,
    Verdict,
)
from petiole.core.domain.tally import Tally
from petiole.core.errors import OutboxError
from petiole.core.ports.snapshot import SnapshotProfile
from petiole.testing.changes import MOMENT, change, person, scope
from petiole.testing.contracts.runs import ONE_CALL
from petiole.testing.stands import Store, StoreStand
from tests.contracts.stores import MemoryStand, SqliteStand

Answer = TypeVar("Answer")
Question = ParamSpec("Question")

PEOPLE = 4
SCOPES = (
    scope("newsletter"),
    scope("newsletter", segment="4712"),
    scope("welcome"),
    scope("partner", account="partner"),
)
CONNECTIONS = [ConnectionName(name) for name in ("newsletter", "welcome", "partner")]
LEASE = timedelta(minutes=10)
LOOK = BatchPolicy(max_profiles=3, max_bytes=40)

fields = st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2)
one_change = st.builds(
    lambda who, kind, data, where, id_: change(
        who,
        kind,
        {} if kind is ChangeKind.REMOVE else data,
        within=SCOPES[where],
        id_=id_,
    ),
    st.integers(1, PEOPLE),
    st.sampled_from(ChangeKind),
    fields,
    st.sampled_from([0, 0, 0, 1, 2, 3]),
    st.none() | st.sampled_from("pqrstu"),
)
policies = st.builds(
    BatchPolicy, max_profiles=st.integers(1, 3), max_bytes=st.sampled_from([10, 25, 5_000_000])
)
words = st.sampled_from(["timeout", "503"])
soon = st.none() | st.integers(0, 15).map(lambda minutes: timedelta(minutes=minutes))
decisions = st.one_of(
    st.just(("deliver", None, "")),
    st.just(("deliver", None, "")),
    st.tuples(st.sampled_from(["retry", "defer", "bury", "hold", "park"]), soon, words),
)
letters = st.builds(
    LetterSelection,
    state=st.sampled_from([MessageState.DEAD, MessageState.PARKED]),
    connections=st.sampled_from([(), *((name,) for name in CONNECTIONS)]),
    code=st.none() | words,
)
snapshots = st.lists(st.tuples(st.integers(1, PEOPLE + 1), fields), max_size=6)
runners = st.integers(0, 1)


def tally(store: Store, name: ConnectionName) -> Tally:
    return store.bookkeeping.tally(name)


def audit(store: Store, name: ConnectionName) -> Tally:
    return store.bookkeeping.audit(name)


def backlog(store: Store, name: ConnectionName) -> Backlog:
    return store.outbox.backlog(name, LOOK)


def held(store: Store, where: Scope) -> tuple[int, list[bool]]:
    people = [person(number) for number in range(1, PEOPLE + 1)]
    return store.ledger.count(where), [store.ledger.holds(where, who) for who in people]


def told(store: Store, selection: LetterSelection) -> tuple[list[DeadLetter], list[LetterGroup]]:
    """List letters and count them."""
    listed = store.dead_letters.letters(selection, limit=99)
    return list(listed), list(store.dead_letters.groups(selection))


def edited(store: Store, letter: MessageId, overlay: Fields) -> bool:
    return store.dead_letters.edit(letter, overlay, by="Noor")


def life(store: Store, where: Scope, who: int) -> list[Happening]:
    return list(store.history.life(where.account, where.connection, person(who)))


class SideBySide(RuleBasedStateMachine):
    """Two runners in each of two worlds that share a clock."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name, "petiole.db")
        self.on_disk = SqliteStand(self.path, self.clock)
        self.stands: Sequence[StoreStand] = (MemoryStand(self.clock), self.on_disk)
        self.pairs = [self.open(), self.open()]
        self.claimed: list[tuple[int, Batch]] = []
        self.last_claimed: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.sent_again: set[MessageId] = set()

    def open(self) -> Sequence[Store]:
        return [stand.open() for stand in self.stands]

    def both(
        self,
        who: int,
        ask: Callable[Concatenate[Store, Question], Answer],
        *about: Question.args,
        **terms: Question.kwargs,
    ) -> Answer:
        """Ask a runner in both worlds; the answers must be the same."""
        in_memory, on_disk = (ask(store, *about, **terms) for store in self.pairs[who])
        assert in_memory == on_disk
        return on_disk

    @rule(who=runners, changes=st.lists(one_change, min_size=1, max_size=6), folding=st.booleans())
    def enqueue(self, who: int, changes: list[ProfileChange], folding: bool) -> None:  # noqa: FBT001 - hypothesis hands it in
        self.both(who, lambda store: store.outbox.enqueue(changes, folding=folding))

    @rule(
        who=runners,
        connection=st.sampled_from(CONNECTIONS),
        policy=policies,
        batches=st.integers(1, 3),
        partial=st.booleans(),
    )
    def claim(
        self,
        who: int,
        connection: ConnectionName,
        policy: BatchPolicy,
        batches: int,
        partial: bool,  # noqa: FBT001 - hypothesis hands it in
    ) -> None:
        taken = self.both(
            who,
            lambda store: list(
                store.outbox.claim(
                    connection, policy, batches=batches, partial=partial, lease=LEASE
                )
            ),
        )
        for batch in taken:
            self.claimed.append((who, batch))
            for message in batch.messages:
                self.note_order(message)

    def note_order(self, message: Message) -> None:
        line = message.change.scope.account, message.change.identifier.value
        if message.id not in self.sent_again:
            assert message.id >= self.last_claimed[line]
            self.last_claimed[line] = message.id

    @precondition(lambda self: self.claimed)
    @rule(data=st.data(), dealt=st.lists(decisions, min_size=3, max_size=3))
    def settle(self, data: st.DataObject, dealt: list[tuple[str, timedelta | None, str]]) -> None:
        who, batch = data.draw(st.sampled_from(self.claimed), "batch")
        verdicts = {
            message.id: self.verdict(*decision)
            for message, decision in zip(batch.messages, dealt * 10, strict=False)
        }

        settlement = Settlement(batch.id, batch.epoch, verdicts, ONE_CALL)
        self.both(who, lambda store: set(store.outbox.settle([settlement])))

    def verdict(self, kind: str, wait: timedelta | None, word: str) -> Verdict:
        due_at = None if wait is None else self.clock.now() + wait
        match kind:
            case "retry":
                return Retry(due_at or self.clock.now(), word, word)
            case "defer":
                return Defer(due_at, word)
            case "bury" | "hold":
                return Bury(word, word, holds=kind == "hold")
            case "park":
                return Park(word, word)
            case _:
                return DELIVERED

    @precondition(lambda self: self.claimed)
    @rule(data=st.data())
    def settle_badly(self, data: st.DataObject) -> None:
        who, batch = data.draw(st.sampled_from(self.claimed), "batch")

        nonsense = Settlement(batch.id, batch.epoch, {MessageId(0): DELIVERED}, ONE_CALL)

        def refused(store: Store) -> bool:
            try:
                store.outbox.settle([nonsense])
            except OutboxError:
                return True
            return False

        self.both(who, refused)

    @rule(who=runners)
    def crash(self, who: int) -> None:
        for stand, store in zip(self.stands, self.pairs[who], strict=True):
            stand.kill(store)
        self.pairs[who] = self.open()
        self.claimed = [(owner, batch) for owner, batch in self.claimed if owner != who]

    @rule(minutes=st.integers(0, 12))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(minutes=st.integers(-30, 30))
    def clock_is_set(self, minutes: int) -> None:
        self.clock.jump(timedelta(minutes=minutes))

    @rule(
        who=runners, selection=letters, decision=st.sampled_from(Decision), most=st.integers(1, 4)
    )
    def decide(self, who: int, selection: LetterSelection, decision: Decision, most: int) -> None:
        def decided(store: Store) -> Decided:
            return store.dead_letters.decide(selection, decision, by="Noor", limit=most)

        if decision is Decision.RESEND:
            found, _ = self.both(who, told, selection)
            self.sent_again |= {letter.id for letter in found}
        self.both(who, decided)

    @rule(who=runners, selection=letters, data=fields, place=st.integers(0, 3))
    def edit(self, who: int, selection: LetterSelection, data: dict[str, int], place: int) -> None:
        found, _ = self.both(who, told, selection)
        for letter in found[place : place + 1]:
            self.both(who, edited, letter.id, Fields.of(dict(data)))

    @rule(who=runners, where=st.sampled_from(SCOPES), rows=snapshots, mirror=st.booleans())
    def compare(
        self,
        who: int,
        where: Scope,
        rows: list[tuple[int, dict[str, int]]],
        mirror: bool,  # noqa: FBT001 - hypothesis hands it in
    ) -> None:
        profiles = [
            SnapshotProfile(line, person(number), Fields.of(data))
            for line, (number, data) in enumerate(rows, start=1)
        ]

        def compared(store: Store) -> object:
            with store.ledger.compare(where, profiles, mirror=mirror) as found:
                return found.difference(), list(found.repeats()), list(found.changes(MOMENT))

        self.both(who, compared)

    @invariant()
    def sums_are_right(self) -> None:
        for name in CONNECTIONS:
            kept = self.both(0, tally, name)
            assert kept == self.both(1, audit, name)
            assert kept.balanced

    @invariant()
    def backlogs_are_the_same(self) -> None:
        for name in CONNECTIONS:
            self.both(0, backlog, name)

    @invariant()
    def ledgers_are_the_same(self) -> None:
        for where in SCOPES:
            self.both(0, held, where)

    @invariant()
    def letters_are_the_same(self) -> None:
        for state in (MessageState.DEAD, MessageState.PARKED):
            self.both(0, told, LetterSelection(state=state))

    @invariant()
    def lives_are_the_same(self) -> None:
        for number in range(1, PEOPLE + 1):
            self.both(1, life, SCOPES[0], number)

    @invariant()
    def head_of_every_line_is_in_flight_or_its_first_message(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            lines = connection.execute(
                "SELECT coalesce(min(iif(state = 'in_flight', id, NULL)), min(id)),"
                " min(iif(head, id, NULL)), sum(head), sum(state = 'in_flight')"
                " FROM message WHERE head IS NOT NULL GROUP BY profile"
            ).fetchall()
        for first, head, heads, in_flight in lines:
            assert (head, heads) == (first, 1)
            assert in_flight <= 1

    def teardown(self) -> None:
        self.on_disk.close()
        self.folder.cleanup()


TestSideBySide = SideBySide.TestCase
TestSideBySide.settings = settings(max_examples=50, stateful_step_count=30)

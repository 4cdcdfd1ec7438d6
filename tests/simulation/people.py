"""Those around the processes: sources that tell changes, operators, and accidents."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from petiole.core.domain.breaker import PauseReason, paused, resumed
from petiole.core.domain.change import ChangeId, ChangeKind, ConnectionName, ProfileChange
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.identity import Identifier, IdentifierType
from petiole.core.domain.message import MessageId, MessageState
from tests.simulation.accidents import Accidents
from tests.simulation.setup import Lane
from tests.simulation.strands import Killed

if TYPE_CHECKING:
    from tests.simulation.stores import Opened
    from tests.simulation.world import World

COLUMNS = ("city", "name")


class People:
    """Acts at random through a store of their own, which is opened anew when an act dies."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._random = world.random
        self._opened: Opened | None = None
        self._wanted: dict[tuple[str, str], dict[str, dict[str, JsonValue]]] = {}
        self._logs: list[tuple[Lane, Sequence[ProfileChange]]] = []
        self._events = 0
        self._acts: list[tuple[Callable[[], None], int]] = [
            (self.tell_changes, 40),
            (self.tell_a_log_again, 4),
            (self.pause, 3),
            (self.resume, 6),
            (self.decide, 12),
            (self.edit, 4),
            (self.prune, 2),
            *Accidents(world).acts,
        ]

    @property
    def store(self) -> "Opened":
        """Their way into the store."""
        if self._opened is None:
            self._opened = self._world.keeping.open()
        return self._opened

    def close(self) -> None:
        """End in good order."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def act(self) -> None:
        """Do something."""
        acts, weights = zip(*self._acts, strict=True)
        [one] = self._random.choices(acts, weights)
        self.survive(one)

    def survive(self, act: Callable[[], None]) -> None:
        """Do it, and open the store anew if the process dies of it."""
        try:
            act()
        except Killed:
            self.store.drop()
            self._opened = None
            self._world.take_stock(decided=True)

    def tell(self, what: str) -> None:
        """Add to the story."""
        self._world.story.tell("people", what)

    def tell_changes(self) -> None:
        """Enqueue some changes of a connection, as its source tells them."""
        lane = self._lane()
        number = self._random.choice([1, 2, 3, 8])
        known = self._random.random() < 0.5
        wanted = self._wanted.setdefault((lane.scope.account, lane.scope.segment), {})
        before = {who: dict(fields) for who, fields in wanted.items()}
        changes = [self._change(lane, wanted, known=known) for _ in range(number)]
        if self._enqueue(lane, changes):
            self._logs.append((lane, changes))
        else:
            wanted.clear()
            wanted.update(before)

    def _change(
        self, lane: Lane, wanted: dict[str, dict[str, JsonValue]], *, known: bool
    ) -> ProfileChange:
        random = self._random
        who = str(random.randint(1, self._world.setup.people))
        kind = ChangeKind.ADD
        if who in wanted:
            kind = random.choice([ChangeKind.UPDATE, ChangeKind.UPDATE, ChangeKind.REMOVE])
        names = COLUMNS if kind is ChangeKind.ADD else COLUMNS[random.randint(0, 1) :]
        fields: dict[str, JsonValue] = {}
        if kind is ChangeKind.REMOVE:
            del wanted[who]
        else:
            self._events += 1
            fields = {name: f"{name} {self._events}" for name in names}
            wanted[who] = wanted.get(who, {}) | fields
        self._events += 1
        data = Fields.of(fields)
        return ProfileChange(
            id=ChangeId(f"e{self._events}") if known else None,
            scope=lane.scope,
            identifier=Identifier(IdentifierType.CUSTOMER_ID, who),
            kind=kind,
            fields=data,
            fingerprint=data.fingerprint if kind is ChangeKind.ADD else None,
            occurred_at=self._world.clock.now(),
        )

    def tell_a_log_again(self) -> None:
        """Enqueue what was enqueued before, with the ids that it had."""
        logs = [log for log in self._logs if all(change.id for change in log[1])]
        if logs:
            lane, changes = self._random.choice(logs)
            self._enqueue(lane, changes)

    def _enqueue(self, lane: Lane, changes: Sequence[ProfileChange]) -> bool:
        """Enqueue, and tell whether they are there, also if the source dies of it."""
        world, books = self._world, self._world.books
        world.take_stock()
        books.enqueueing(changes)
        known = len(books.entries)
        told = ", ".join(f"{c.kind} {c.identifier.value} {c.fields.text}" for c in changes)
        self.tell(f"{lane.name}: {told}")
        receipt = None
        try:
            receipt = self.store.store.outbox.enqueue(changes, folding=lane.folding)
        except Killed:
            self.store.drop()
            self._opened = None
        books.enqueued(receipt, world.rows(), len(changes))
        world.check()
        world.ring()
        return len(books.entries) > known

    def pause(self) -> None:
        """Pause a connection."""
        lane = self._lane()
        self.tell(f"pause {lane.name}")
        now = self._world.clock.now()
        self.store.store.states.change(
            lane.name,
            lambda state: paused(state, PauseReason.OPERATOR, "maintenance", now=now, by="anna"),
            by="anna",
        )
        if self.store.store.states.state(lane.name).paused is not PauseReason.OPERATOR:
            self._world.blame(f"{lane.name} is not paused")
        self._world.ring()

    def resume(self) -> None:
        """Resume a connection."""
        self.resume_lane(self._lane().name)

    def resume_lane(self, name: ConnectionName) -> None:
        """Lift whatever holds it."""
        self.tell(f"resume {name}")
        now = self._world.clock.now()
        self.store.store.states.change(name, lambda state: resumed(state, now=now), by="anna")
        self._world.ring()

    def decide(self) -> None:
        """Decide about dead or parked messages, all or one of a connection."""
        random = self._random
        waiting = {
            (entry.state, entry.connection)
            for entry in self._world.books.entries.values()
            if entry.state in {MessageState.DEAD, MessageState.PARKED}
        }
        if not waiting:
            return
        state, name = random.choice(sorted(waiting))
        decisions = [Decision.RESEND, Decision.RESEND, Decision.DISCARD]
        if state is MessageState.PARKED:
            decisions.append(Decision.ARRIVED)
        selection = LetterSelection(state=state, connections=[name])
        if random.random() < 0.3:
            letters = self.store.store.dead_letters.letters(selection, limit=10)
            ids = [letter.id for letter in letters]
            if ids:
                selection = LetterSelection(state=state, ids=[random.choice(ids)])
        self.decide_on(selection, random.choice(decisions))

    def decide_on(self, selection: LetterSelection, decision: Decision) -> None:
        """Carry a decision out, a few letters at a time."""
        after: MessageId | None = None
        limit = self._random.choice([2, 10_000])
        self._world.take_stock()
        while True:
            done = self.store.store.dead_letters.decide(
                selection, decision, by="anna", after=after, limit=limit
            )
            self._world.take_stock(decided=True)
            if done.moved or done.superseded:
                which = [*selection.connections, *selection.ids]
                self.tell(f"{decision} {selection.state} {which}: {done.moved}+{done.superseded}")
            after = done.after
            if after is None:
                break
        self._world.ring()

    def edit(self) -> None:
        """Lay other fields over those of a letter."""
        state = self._random.choice([MessageState.DEAD, MessageState.PARKED])
        letters = self.store.store.dead_letters.letters(LetterSelection(state=state), limit=10)
        meant = [letter for letter in letters if letter.kind is not ChangeKind.REMOVE]
        if not meant:
            return
        letter = self._random.choice(meant)
        self._events += 1
        fields = Fields.of({"name": self._random.choice([None, f"edited {self._events}"])})
        self.tell(f"edit #{letter.id}: {fields.text}")
        try:
            self.store.store.dead_letters.edit(letter.id, fields, by="anna")
        finally:
            self._note_edit(letter.id, state)

    def _note_edit(self, letter: MessageId, state: MessageState) -> None:
        selection = LetterSelection(state=state, ids=[letter])
        for found in self.store.store.dead_letters.letters(selection, limit=1):
            self._world.books.entries[int(letter)].edit = found.edit

    def prune(self) -> None:
        """Forget what came to a good end some time ago."""
        before = self._world.clock.now() - timedelta(seconds=self._random.choice([0, 30, 300]))
        self._world.take_stock()
        known = self._forgotten()
        number = None
        try:
            number = self.store.store.history.prune(before, limit=self._random.choice([3, 1000]))
            self.tell(f"prune {number}")
        finally:
            self._world.take_stock(forgotten=before)
        if self._forgotten() - known != number:
            self._world.blame(f"{self._forgotten() - known} were forgotten, not {number}")

    def _forgotten(self) -> int:
        return sum(entry.is_pruned for entry in self._world.books.entries.values())

    def _lane(self) -> Lane:
        return self._random.choice(list(self._world.setup.lanes.values()))

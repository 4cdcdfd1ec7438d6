"""The dead letters in SQLite."""

from collections.abc import Sequence

from petiole.adapters.sqlite import commits, decisions, letters
from petiole.adapters.sqlite.bell import SqliteBell
from petiole.adapters.sqlite.database import Database
from petiole.adapters.sqlite.instants import to_micros
from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.ports.clock import Clock


class SqliteDeadLetters:
    """Messages in the states `dead` and `parked`."""

    def __init__(self, database: Database, *, clock: Clock, bell: SqliteBell) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell

    def letters(self, selection: LetterSelection, *, limit: int) -> Sequence[DeadLetter]:
        """List what is selected, the newest first."""
        with self._database.read(bound=True) as tables:
            return letters.newest(tables, selection, limit)

    def groups(self, selection: LetterSelection) -> Sequence[LetterGroup]:
        """Count what is selected by connection and cause, the largest group first."""
        with self._database.read(bound=True) as tables:
            return letters.groups(tables, selection)

    def edit(self, letter: MessageId, fields: Fields, *, by: str) -> bool:
        """Lay fields over those of a letter; tells whether there is such a letter.

        Raises:
            OutboxError: nothing was written.
        """
        now = to_micros(self._clock.now())
        with self._database.write(commits.DECISION) as tables:
            return decisions.edit(tables, letter, fields, by=by, now=now)

    def decide(
        self,
        selection: LetterSelection,
        decision: Decision,
        *,
        by: str,
        after: MessageId | None = None,
        limit: int = 10_000,
    ) -> Decided:
        """Carry out a decision on the selected letters beyond `after`, oldest first.

        Raises:
            OutboxError: nothing was decided.
        """
        if decision is Decision.ARRIVED and selection.state is not MessageState.PARKED:
            return Decided()
        now = to_micros(self._clock.now())
        with self._database.write(commits.DECISION) as tables:
            found = letters.oldest(tables, selection, after, limit + 1)
            meant = found[:limit]
            moved = decisions.carry_out(
                tables, decision, meant, was=selection.state, by=by, now=now
            )
        if moved:
            self._bell.ring()
        return Decided(
            moved=moved,
            superseded=len(meant) - moved,
            after=meant[-1][0] if len(found) > len(meant) else None,
        )

"""Dead and parked messages in memory, and what people decide about them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from petiole.adapters.memory.row import Row
from petiole.adapters.memory.state import MemoryState
from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Step
from petiole.core.domain.message import MessageId, MessageState
from petiole.core.failpoints import FailPoint, reach
from petiole.core.ports.clock import Clock

_WAITING = {MessageState.DEAD, MessageState.PARKED}


class MemoryDeadLetters:
    """Reads and moves the letters of a `MemoryState`."""

    def __init__(self, state: MemoryState, *, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def letters(self, selection: LetterSelection, *, limit: int) -> Sequence[DeadLetter]:
        """List what is selected, the newest first."""
        with self._state.lock:
            return self._newest_first(selection)[:limit]

    def _newest_first(self, selection: LetterSelection) -> list[DeadLetter]:
        letters = [_letter(row) for row in self._selected(selection)]
        return sorted(letters, key=lambda letter: (letter.at, letter.id), reverse=True)

    def groups(self, selection: LetterSelection) -> Sequence[LetterGroup]:
        """Count what is selected by connection and cause, the largest group first."""
        with self._state.lock:
            letters = self._newest_first(selection)
        alike = defaultdict[object, list[DeadLetter]](list)
        for letter in letters:
            alike[letter.connection, letter.code, letter.failure].append(letter)
        return sorted(map(_group, alike.values()), key=lambda group: -group.letters)

    def edit(self, letter: MessageId, fields: Fields, *, by: str) -> bool:
        """Lay fields over those of a letter; tells whether there is such a letter."""
        with self._state.lock:
            row = self._state.rows.get(letter)
            if row is None or row.state not in _WAITING:
                return False
            reach(FailPoint.DECISION_WRITTEN)
            row.edit = fields
            self._state.tell(row, Step.EDITED, self._clock.now(), by=by)
        reach(FailPoint.DECISION_COMMITTED)
        return True

    def decide(
        self,
        selection: LetterSelection,
        decision: Decision,
        *,
        by: str,
        after: MessageId | None = None,
        limit: int = 10_000,
    ) -> Decided:
        """Carry out a decision on the selected letters beyond `after`, oldest first."""
        now = self._clock.now()
        with self._state.lock:
            ids = sorted(row.id for row in self._selected(selection) if row.id > (after or 0))
            rows = [self._state.rows[id_] for id_ in ids[:limit]]
            reach(FailPoint.DECISION_WRITTEN)
            carried_out = [self._carry_out(row, decision, now, by) for row in rows]
        reach(FailPoint.DECISION_COMMITTED)
        moved = carried_out.count(True)
        if moved:
            self._state.ring()
        superseded = len(rows) - moved if decision is Decision.RESEND else 0
        more = rows[-1].id if len(rows) < len(ids) and rows else None
        return Decided(moved=moved, superseded=superseded, after=more)

    def _selected(self, selection: LetterSelection) -> Iterator[Row]:
        for row in self._state.rows.values():
            if (
                row.state is selection.state
                and row.state in _WAITING
                and (not selection.connections or _connection(row) in selection.connections)
                and (not selection.ids or row.id in selection.ids)
                and selection.code in {None, row.code}
                and selection.failure in {None, row.failure}
            ):
                yield row

    def _carry_out(self, row: Row, decision: Decision, now: datetime, by: str) -> bool:
        """Move a letter, unless it must stay."""
        match decision:
            case Decision.RESEND | Decision.RESEND_ANYWAY:
                if decision is Decision.RESEND and self._is_superseded(row):
                    return False
                self._send_again(row)
                self._state.tell(row, Step.RESENT, now, by=by)
            case Decision.ARRIVED:
                if row.state is not MessageState.PARKED:
                    return False
                row.code, row.reason = "", ""
                self._state.deliver(row, now)
                self._state.tell(row, Step.ARRIVED, now, by=by)
            case Decision.DISCARD:
                self._erase(row, now)
                self._state.tell(row, Step.DISCARDED, now, by=by)
        return True

    def _is_superseded(self, row: Row) -> bool:
        """Tell whether a later change was delivered, or is being sent."""
        if self._state.last_delivered.get(row.line, row.id) > row.id:
            return True
        front = self._state.lines.of(row.line)[:1]
        return any(one.state is MessageState.IN_FLIGHT and one.id > row.id for one in front)

    def _send_again(self, row: Row) -> None:
        row.attempts, row.due_at, row.settled_at = 0, None, None
        row.code, row.reason = "", ""
        self._state.move(row, MessageState.PENDING)
        self._state.lines.put_back(row)

    def _erase(self, row: Row, now: datetime) -> None:
        row.change = replace(row.change, fields=Fields(), fingerprint=None)
        row.edit, row.settled_at, row.reason = None, now, ""
        self._state.move(row, MessageState.ERASED)
        self._state.lines.leave(row)


def _connection(row: Row) -> str:
    return row.change.scope.connection


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        connection=row.change.scope.connection,
        segment=row.change.scope.segment,
        identifier=row.change.identifier,
        kind=row.change.kind,
        state=row.state,
        code=row.code,
        reason=row.reason,
        failure=row.failure,
        attempts=row.attempts,
        enqueued_at=row.enqueued_at,
        at=row.settled_at or row.enqueued_at,
        fields=row.change.fields,
        edit=row.edit,
    )


def _group(letters: Sequence[DeadLetter]) -> LetterGroup:
    """Sum up letters that are alike, the newest first."""
    newest = letters[0]
    return LetterGroup(
        connection=newest.connection,
        code=newest.code,
        failure=newest.failure,
        reason=newest.reason,
        letters=len(letters),
        first_at=letters[-1].at,
        last_at=newest.at,
    )

"""Where dead and parked messages wait for a person."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageId


@runtime_checkable
class DeadLetters(Protocol):
    """Only a decision moves them. `by` names who decided, for the record."""

    def letters(self, selection: LetterSelection, *, limit: int) -> Sequence[DeadLetter]:
        """List what is selected, the newest first."""
        ...

    def groups(self, selection: LetterSelection) -> Sequence[LetterGroup]:
        """Count what is selected by connection and cause, the largest group first."""
        ...

    def edit(self, letter: MessageId, fields: Fields, *, by: str) -> bool:
        """Lay fields over those of a letter; the original is kept, and so is its fingerprint.

        A later edit replaces an earlier one. Tells whether there is such a letter.
        """
        ...

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

        One transaction, of at most `limit` letters, so that runners are not kept waiting; go on
        with the `after` that comes back. One that cannot take the decision is left as it is: what
        is dead never arrived, and what a later change of its profile has superseded, delivered or
        being sent in whatever lane of the account, is not sent again, unless anyway. One that is
        sent again takes its old place in the line of its profile: before all changes that were
        enqueued later, with no attempt counted. One that arrived is in the ledger from the same
        moment on. In every case the next change of the profile becomes claimable as soon as nothing
        is before it.
        """
        ...

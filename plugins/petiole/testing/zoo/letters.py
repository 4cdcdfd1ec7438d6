"""Broken keepers of dead and parked messages."""

from collections.abc import Sequence
from dataclasses import replace

from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageId
from petiole.core.ports.dead_letters import DeadLetters
from petiole.testing.zoo.mutant import breaks

MANY = 100_000


@breaks(DeadLetters.letters, "the newest first")
def lists_the_oldest_first(
    letters: DeadLetters, selection: LetterSelection, *, limit: int
) -> Sequence[DeadLetter]:
    return [*letters.letters(selection, limit=MANY)][::-1][:limit]


@breaks(DeadLetters.letters, "what is selected")
def lists_letters_of_every_code(
    letters: DeadLetters, selection: LetterSelection, *, limit: int
) -> Sequence[DeadLetter]:
    return letters.letters(replace(selection, code=None, ids=()), limit=limit)


@breaks(DeadLetters.groups, "the largest group first")
def lists_the_smallest_group_first(
    letters: DeadLetters, selection: LetterSelection
) -> Sequence[LetterGroup]:
    return [*letters.groups(selection)][::-1]


@breaks(DeadLetters.edit, "Lay fields over those of a letter")
def forgets_an_edit(letters: DeadLetters, letter: MessageId, fields: Fields, *, by: str) -> bool:
    del fields, by
    return bool(letters.letters(LetterSelection(ids=[letter]), limit=1))


@breaks(DeadLetters.edit, "Tells whether there is such a letter")
def edits_what_is_not_there(
    letters: DeadLetters, letter: MessageId, fields: Fields, *, by: str
) -> bool:
    letters.edit(letter, fields, by=by)
    return True


@breaks(DeadLetters.decide, "on the selected letters")
def decides_about_everything(
    letters: DeadLetters,
    selection: LetterSelection,
    decision: Decision,
    *,
    by: str,
    after: MessageId | None = None,
    limit: int = MANY,
) -> Decided:
    everything = LetterSelection(state=selection.state)
    return letters.decide(everything, decision, by=by, after=after, limit=limit)


@breaks(DeadLetters.decide, "of at most `limit` letters")
def decides_without_limit(
    letters: DeadLetters,
    selection: LetterSelection,
    decision: Decision,
    *,
    by: str,
    after: MessageId | None = None,
    limit: int = MANY,
) -> Decided:
    del limit
    return letters.decide(selection, decision, by=by, after=after, limit=MANY)


@breaks(DeadLetters.decide, "beyond `after`, oldest first")
def begins_anew_at_each_step(
    letters: DeadLetters,
    selection: LetterSelection,
    decision: Decision,
    *,
    by: str,
    after: MessageId | None = None,
    limit: int = MANY,
) -> Decided:
    del after
    return letters.decide(selection, decision, by=by, limit=limit)

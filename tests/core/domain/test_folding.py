from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petiole.core.domain.change import ChangeKind, ProfileChange
from petiole.core.domain.fields import Fields, JsonValue
from petiole.core.domain.folding import fold
from tests.core.profiles import MINUTE, NOON, change

ADD, UPDATE, REMOVE = ChangeKind.ADD, ChangeKind.UPDATE, ChangeKind.REMOVE

Profile: TypeAlias = dict[str, JsonValue] | None
"""One profile as the platform holds it; `None` where it does not."""

COLUMNS = ("city", "firstname", "score")
VALUES: st.SearchStrategy[JsonValue] = st.integers(0, 2)
WHOLE = st.fixed_dictionaries(dict.fromkeys(COLUMNS, VALUES))
PART = st.dictionaries(st.sampled_from(COLUMNS), VALUES)


@dataclass(frozen=True)
class History:
    """What a source told, and where it began."""

    held: bool
    profile: Profile
    changes: Sequence[ProfileChange]

    def held_before(self, position: int) -> bool:
        """Whether the platform holds the profile before the change at that position."""
        return self.held if position == 0 else self.changes[position - 1].kind is not REMOVE


@st.composite
def histories(draw: st.DrawFn, least: int = 2) -> History:
    """Draw a history that a source can produce.

    Where nothing was delivered before, the platform may know the profile all the same.
    """
    held = draw(st.booleans())
    profile = draw(WHOLE if held else st.none() | WHOLE)
    present = held
    changes = []
    for number in range(draw(st.integers(least, 6))):
        kind = draw(st.sampled_from([UPDATE, REMOVE])) if present else ADD
        fields = {ADD: WHOLE, UPDATE: PART, REMOVE: st.just({})}[kind]
        changes.append(
            change(
                kind=kind, fields=draw(fields), id_=str(number), occurred_at=NOON + number * MINUTE
            )
        )
        present = kind is not REMOVE
    return History(held, profile, changes)


def applied(profile: Profile, a_change: ProfileChange) -> Profile:
    match a_change.kind:
        case ChangeKind.ADD:
            return a_change.fields.values()
        case ChangeKind.UPDATE:
            return (profile or {}) | a_change.fields.values()
        case ChangeKind.REMOVE:
            return None


def folded(changes: Sequence[ProfileChange], *, held: bool) -> ProfileChange:
    return reduce(lambda earlier, later: fold(earlier, later, held=held), changes)


@given(histories())
def test_folding_then_applying_equals_applying_all(history: History) -> None:
    in_turn = reduce(applied, history.changes, history.profile)

    at_once = applied(history.profile, folded(history.changes, held=history.held))

    assert at_once == in_turn


@given(histories())
def test_folding_leaves_the_ledger_as_applying_all_does(history: History) -> None:
    last = history.changes[-1]

    result = folded(history.changes, held=history.held)

    assert (result.kind is REMOVE) is (last.kind is REMOVE)
    assert result.fingerprint == last.fingerprint


@given(histories(least=3), st.data())
def test_folding_is_associative(history: History, data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(history.changes) - 1))

    head = folded(history.changes[:cut], held=history.held)
    tail = folded(history.changes[cut:], held=history.held_before(cut))

    assert fold(head, tail, held=history.held) == folded(history.changes, held=history.held)


@given(histories())
def test_fold_waits_since_the_earliest_change(history: History) -> None:
    first = history.changes[0]

    result = folded(history.changes, held=history.held)

    assert (result.id, result.occurred_at) == (first.id, first.occurred_at)
    assert (result.scope, result.identifier) == (first.scope, first.identifier)


@pytest.mark.parametrize(
    ("earlier", "later", "absent_before", "held_before"),
    [
        (ADD, ADD, ADD, ADD),
        (ADD, UPDATE, ADD, ADD),
        (ADD, REMOVE, REMOVE, REMOVE),
        (UPDATE, ADD, UPDATE, UPDATE),
        (UPDATE, UPDATE, UPDATE, UPDATE),
        (UPDATE, REMOVE, REMOVE, REMOVE),
        (REMOVE, ADD, ADD, UPDATE),
        (REMOVE, UPDATE, ADD, UPDATE),
        (REMOVE, REMOVE, REMOVE, REMOVE),
    ],
)
def test_every_pair_of_kinds_has_its_fold(
    earlier: ChangeKind, later: ChangeKind, absent_before: ChangeKind, held_before: ChangeKind
) -> None:
    first, second = change(kind=earlier), change(kind=later)

    assert fold(first, second, held=False).kind is absent_before
    assert fold(first, second, held=True).kind is held_before


def test_later_field_wins_and_earlier_ones_stay() -> None:
    added = change(kind=ADD, fields={"firstname": "Sanne", "city": "Utrecht"})
    moved = change(kind=UPDATE, fields={"city": "Gent"})

    result = fold(added, moved, held=False)

    assert result.fields == Fields.of({"firstname": "Sanne", "city": "Gent"})


def test_removal_forgets_the_data_that_it_removes() -> None:
    result = fold(change(kind=ADD), change(kind=REMOVE), held=False)

    assert not result.fields
    assert result.fingerprint is None


def test_return_after_a_removal_brings_only_its_own_data() -> None:
    removed = change(kind=REMOVE)
    added = change(kind=ADD, fields={"firstname": "Sanne"})

    result = fold(removed, added, held=True)

    assert result.fields == added.fields
    assert result.fingerprint == added.fingerprint

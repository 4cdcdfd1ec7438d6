"""What every keeper of dead and parked messages promises about decisions."""

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decided, Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import Batch, MessageId, MessageState
from petiole.core.domain.settlement import Bury, Park
from petiole.core.ports.dead_letters import DeadLetters
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import (
    DOUBT,
    NEWSLETTER,
    WELCOME,
    buried,
    claim,
    deliver,
    deliver_everything,
    end,
    fill,
    settle,
)
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

UPDATE, REMOVE = ChangeKind.UPDATE, ChangeKind.REMOVE
RESEND, ARRIVED, DISCARD = Decision.RESEND, Decision.ARRIVED, Decision.DISCARD
ANY = LetterSelection()
PARKED = LetterSelection(state=MessageState.PARKED)
HOLDING = Bury("105", "unknown field", holds=True)


def decide(
    store: Store,
    decision: Decision,
    selection: LetterSelection = ANY,
    *,
    after: MessageId | None = None,
    limit: int = 10,
) -> Decided:
    """Decide as Noor does."""
    return store.dead_letters.decide(selection, decision, by="Noor", after=after, limit=limit)


def only(*ids: MessageId) -> LetterSelection:
    """Select dead letters by id."""
    return LetterSelection(ids=ids)


def lose(store: Store, *wheres: str) -> list[MessageId]:
    """Bury an update of customer 1 for each word, with that word as its field, in turn."""
    ids = []
    for where in wheres:
        store.outbox.enqueue([change(1, UPDATE, {"n": where})], folding=False)
        [batch] = claim(store)
        settle(store, batch, buried())
        ids.append(batch.messages[0].id)
    return ids


def words(batch: Batch) -> list[object]:
    """What is in the field "n" of each message."""
    return [message.change.fields.values().get("n") for message in batch.messages]


def states(store: Store) -> dict[MessageState, int]:
    """Where the messages of the newsletter stand; the sums must agree with the rows."""
    tally = store.bookkeeping.tally(NEWSLETTER)
    assert tally.balanced
    assert tally == store.bookkeeping.audit(NEWSLETTER)
    return dict(tally.states)


class DecideContract:
    """`DeadLetters.decide`, whatever is decided."""

    @keeps(DeadLetters.decide, "on the selected letters")
    @pytest.mark.parametrize("decision", Decision)
    @pytest.mark.parametrize("selection", [ANY, PARKED], ids=["dead", "parked"])
    def test_nothing_is_decided_where_nothing_is(
        self, store: Store, decision: Decision, selection: LetterSelection
    ) -> None:
        fill(store, 1, 3)
        claim(store)

        assert decide(store, decision, selection) == Decided()

    @keeps(DeadLetters, "Only a decision moves them")
    @keeps(DeadLetters.decide, "on the selected letters")
    @pytest.mark.parametrize("decision", [RESEND, DISCARD])
    def test_only_what_is_selected_moves(self, store: Store, decision: Decision) -> None:
        end(store, 1, Bury("105", "unknown field"))
        end(store, 2, Bury("400", "no date"))
        end(store, 3, DOUBT)
        end(store, 4, Bury("400", "no date"), WELCOME)

        told = decide(store, decision, LetterSelection(code="400", connections=[NEWSLETTER]))

        assert told == Decided(moved=1)
        assert [letter.code for letter in store.dead_letters.letters(ANY, limit=9)] == [
            "400",
            "105",
        ]
        assert states(store)[MessageState.PARKED] == 1

    @keeps(DeadLetters.decide, "go on with the `after` that comes back")
    @pytest.mark.parametrize("decision", [RESEND, DISCARD])
    def test_many_letters_are_decided_in_steps(self, store: Store, decision: Decision) -> None:
        ids = [end(store, number, buried()) for number in range(1, 6)]

        first = decide(store, decision, limit=2)
        second = decide(store, decision, limit=2, after=first.after)
        third = decide(store, decision, limit=2, after=second.after)

        assert first == Decided(moved=2, after=ids[1])
        assert second == Decided(moved=2, after=ids[3])
        assert third == Decided(moved=1)

    @keeps(DeadLetters.decide, "of at most `limit` letters")
    def test_there_is_no_more_where_the_limit_is_just_reached(self, store: Store) -> None:
        for number in (1, 2):
            end(store, number, buried())

        assert decide(store, DISCARD, limit=2) == Decided(moved=2)

    @keeps(DeadLetters.decide, "beyond `after`, oldest first")
    def test_letters_up_to_the_given_one_are_left_alone(self, store: Store) -> None:
        ids = [end(store, number, buried()) for number in (1, 2, 3)]

        assert decide(store, DISCARD, after=ids[1]) == Decided(moved=1)

        left = store.dead_letters.letters(ANY, limit=9)
        assert sorted(letter.id for letter in left) == ids[:2]

    @keeps(DeadLetters.decide, "One that cannot take the decision is left as it is")
    def test_superseded_letters_do_not_stop_the_others(self, store: Store) -> None:
        [old] = lose(store, "old")
        deliver(store, change(1, UPDATE, {"n": "new"}))
        end(store, 2, buried())

        first = decide(store, RESEND, limit=1)
        second = decide(store, RESEND, limit=1, after=first.after)

        assert first == Decided(superseded=1, after=old)
        assert second == Decided(moved=1)

    @keeps(DeadLetters.decide, "One transaction")
    @pytest.mark.parametrize("decision", Decision)
    def test_what_was_decided_survives_the_runner(
        self, stand: StoreStand, store: Store, decision: Decision
    ) -> None:
        end(store, 1, DOUBT)
        decide(store, decision, PARKED)
        before = states(store)
        stand.kill(store)

        other = stand.open()

        assert MessageState.PARKED not in before
        assert states(other) == before

    @keeps(DeadLetters.decide, "the next change of the profile becomes claimable")
    @pytest.mark.parametrize("decision", Decision)
    def test_next_change_of_a_parked_profile_goes_on(
        self, store: Store, decision: Decision
    ) -> None:
        end(store, 1, DOUBT)
        store.outbox.enqueue([change(1, UPDATE)], folding=True)
        assert list(claim(store)) == []

        decide(store, decision, PARKED)

        kinds = [message.change.kind for message in deliver_everything(store)]
        assert kinds[-1:] == [UPDATE]
        assert len(kinds) == (2 if decision in {RESEND, Decision.RESEND_ANYWAY} else 1)

    @keeps(DeadLetters.decide, "the next change of the profile becomes claimable")
    @pytest.mark.parametrize("decision", [RESEND, DISCARD])
    def test_next_change_of_a_held_profile_goes_on(self, store: Store, decision: Decision) -> None:
        end(store, 1, HOLDING)
        store.outbox.enqueue([change(1, UPDATE)], folding=True)
        assert list(claim(store)) == []

        decide(store, decision)

        kinds = [message.change.kind for message in deliver_everything(store)]
        assert kinds[-1:] == [UPDATE]
        assert len(kinds) == (2 if decision in {RESEND, Decision.RESEND_ANYWAY} else 1)


class ArrivedContract:
    """`Decision.ARRIVED`."""

    @keeps(DeadLetters.decide, "One that arrived is in the ledger")
    def test_what_arrived_is_delivered_and_in_the_ledger(self, store: Store) -> None:
        for number in (1, 2):
            end(store, number, DOUBT)

        told = decide(store, ARRIVED, PARKED)

        assert told == Decided(moved=2)
        assert states(store) == {MessageState.DELIVERED: 2}
        assert store.ledger.holds(scope(), person(1))
        assert not claim(store)

    @keeps(DeadLetters.decide, "One that arrived is in the ledger")
    def test_removal_that_arrived_leaves_the_ledger(self, store: Store) -> None:
        deliver(store, change(1))
        store.outbox.enqueue([change(1, REMOVE)], folding=True)
        settle(store, claim(store)[0], DOUBT)

        decide(store, ARRIVED, PARKED)

        assert not store.ledger.holds(scope(), person(1))

    @keeps(DeadLetters.decide, "what is dead never arrived")
    def test_dead_letter_never_arrived(self, store: Store) -> None:
        end(store, 1, buried())

        assert decide(store, ARRIVED) == Decided()

        assert states(store) == {MessageState.DEAD: 1}


class DiscardContract:
    """`Decision.DISCARD`."""

    @keeps(DeadLetters.decide, "Carry out a decision")
    @pytest.mark.parametrize("verdict", [buried(), HOLDING, DOUBT], ids=["dead", "held", "parked"])
    def test_discarded_message_is_never_sent(self, store: Store, verdict: Bury | Park) -> None:
        end(store, 1, verdict)

        told = decide(store, DISCARD, PARKED if verdict == DOUBT else ANY)

        assert told == Decided(moved=1)
        assert states(store) == {MessageState.ERASED: 1}
        assert list(claim(store)) == []
        assert not store.ledger.holds(scope(), person(1))

    @keeps(DeadLetters.decide, "Carry out a decision")
    def test_letter_that_is_superseded_can_be_discarded(self, store: Store) -> None:
        lose(store, "old")
        deliver(store, change(1, UPDATE))

        assert decide(store, DISCARD) == Decided(moved=1)

    @keeps(DeadLetters.decide, "Carry out a decision")
    def test_discarded_letter_is_a_letter_no_more(self, store: Store) -> None:
        letter = end(store, 1, buried())

        decide(store, DISCARD)

        assert list(store.dead_letters.letters(ANY, limit=9)) == []
        assert not store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")
        assert decide(store, RESEND) == Decided()

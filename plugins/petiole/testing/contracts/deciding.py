"""What every keeper of dead and parked messages promises about decisions."""

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decided, Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import Batch, MessageId, MessageState
from petiole.core.domain.settlement import Bury, Park, Retry
from petiole.testing.changes import change, person, scope, snapshot
from petiole.testing.contracts.runs import (
    ALL,
    DOUBT,
    MINUTE,
    NEWSLETTER,
    WELCOME,
    buried,
    claim,
    deliver,
    deliver_everything,
    end,
    fill,
    numbers,
    settle,
)
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

    @pytest.mark.parametrize("decision", Decision)
    @pytest.mark.parametrize("selection", [ANY, PARKED], ids=["dead", "parked"])
    def test_nothing_is_decided_where_nothing_is(
        self, store: Store, decision: Decision, selection: LetterSelection
    ) -> None:
        fill(store, 1, 3)
        claim(store)

        assert decide(store, decision, selection) == Decided()

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

    @pytest.mark.parametrize("decision", [RESEND, DISCARD])
    def test_many_letters_are_decided_in_steps(self, store: Store, decision: Decision) -> None:
        ids = [end(store, number, buried()) for number in range(1, 6)]

        first = decide(store, decision, limit=2)
        second = decide(store, decision, limit=2, after=first.after)
        third = decide(store, decision, limit=2, after=second.after)

        assert first == Decided(moved=2, after=ids[1])
        assert second == Decided(moved=2, after=ids[3])
        assert third == Decided(moved=1)

    def test_there_is_no_more_where_the_limit_is_just_reached(self, store: Store) -> None:
        for number in (1, 2):
            end(store, number, buried())

        assert decide(store, DISCARD, limit=2) == Decided(moved=2)

    def test_letters_up_to_the_given_one_are_left_alone(self, store: Store) -> None:
        ids = [end(store, number, buried()) for number in (1, 2, 3)]

        assert decide(store, DISCARD, after=ids[1]) == Decided(moved=1)

        left = store.dead_letters.letters(ANY, limit=9)
        assert sorted(letter.id for letter in left) == ids[:2]

    def test_superseded_letters_do_not_stop_the_others(self, store: Store) -> None:
        [old] = lose(store, "old")
        deliver(store, change(1, UPDATE, {"n": "new"}))
        end(store, 2, buried())

        first = decide(store, RESEND, limit=1)
        second = decide(store, RESEND, limit=1, after=first.after)

        assert first == Decided(superseded=1, after=old)
        assert second == Decided(moved=1)

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
        assert len(kinds) == (2 if decision is RESEND else 1)

    @pytest.mark.parametrize("decision", [RESEND, DISCARD])
    def test_next_change_of_a_held_profile_goes_on(self, store: Store, decision: Decision) -> None:
        end(store, 1, HOLDING)
        store.outbox.enqueue([change(1, UPDATE)], folding=True)
        assert list(claim(store)) == []

        decide(store, decision)

        kinds = [message.change.kind for message in deliver_everything(store)]
        assert kinds[-1:] == [UPDATE]
        assert len(kinds) == (2 if decision is RESEND else 1)


class ArrivedContract:
    """`Decision.ARRIVED`."""

    def test_what_arrived_is_delivered_and_in_the_ledger(self, store: Store) -> None:
        for number in (1, 2):
            end(store, number, DOUBT)

        told = decide(store, ARRIVED, PARKED)

        assert told == Decided(moved=2)
        assert states(store) == {MessageState.DELIVERED: 2}
        assert store.ledger.holds(scope(), person(1))
        assert not claim(store)

    def test_removal_that_arrived_leaves_the_ledger(self, store: Store) -> None:
        deliver(store, change(1))
        store.outbox.enqueue([change(1, REMOVE)], folding=True)
        settle(store, claim(store)[0], DOUBT)

        decide(store, ARRIVED, PARKED)

        assert not store.ledger.holds(scope(), person(1))

    def test_dead_letter_never_arrived(self, store: Store) -> None:
        end(store, 1, buried())

        assert decide(store, ARRIVED) == Decided()

        assert states(store) == {MessageState.DEAD: 1}


class ResendContract(ArrivedContract):
    """`Decision.RESEND`."""

    @pytest.mark.parametrize("verdict", [buried(), HOLDING, DOUBT], ids=["dead", "held", "parked"])
    def test_message_is_claimed_as_if_never_tried(
        self, stand: StoreStand, store: Store, verdict: Bury | Park
    ) -> None:
        fill(store, 1, 3)
        [batch] = claim(store)
        settle(store, batch, Retry(stand.clock.now(), "503", "down"))
        settle(store, claim(store)[0], verdict)

        told = decide(store, RESEND, PARKED if verdict == DOUBT else ANY)

        assert told == Decided(moved=3)
        [again] = claim(store)
        assert numbers(again) == [1, 2, 3]
        assert {message.attempt for message in again.messages} == {1}
        assert not again.recovered

    def test_message_keeps_its_id_and_its_age(self, stand: StoreStand, store: Store) -> None:
        enqueued_at = stand.clock.now()
        letter = end(store, 1, buried())
        stand.clock.advance(30 * MINUTE)

        decide(store, RESEND)

        assert store.outbox.backlog(NEWSLETTER, ALL).oldest_enqueued_at == enqueued_at
        [message] = claim(store)[0].messages
        assert (message.id, message.enqueued_at) == (letter, enqueued_at)

    def test_what_was_edited_is_sent(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1, "b": 2})], folding=True)
        [batch] = claim(store)
        settle(store, batch, buried())
        store.dead_letters.edit(batch.messages[0].id, Fields.of({"b": 9}), by="Noor")

        decide(store, RESEND)

        [message] = claim(store)[0].messages
        assert message.change.fields == Fields.of({"a": 1, "b": 9})

    def test_edited_message_weighs_what_is_sent(self, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"city": "Köln"}), by="Noor")

        decide(store, RESEND)

        weight = len('{"city":"Köln"}'.encode())
        assert store.outbox.backlog(NEWSLETTER, ALL).weight_bytes == weight

    def test_edited_profile_counts_as_what_the_source_told(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1})], folding=True)
        [batch] = claim(store)
        settle(store, batch, buried())
        store.dead_letters.edit(batch.messages[0].id, Fields.of({"a": 9}), by="Noor")
        decide(store, RESEND)
        deliver_everything(store)

        with store.ledger.compare(scope(), snapshot((1, {"a": 1})), mirror=True) as comparison:
            assert comparison.difference().unchanged == 1

    def test_message_that_dies_again_is_a_letter_again(self, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"a": 9}), by="Noor")
        decide(store, RESEND)

        settle(store, claim(store)[0], Bury("400", "no date"))

        [again] = store.dead_letters.letters(ANY, limit=9)
        assert (again.id, again.code, again.attempts) == (letter, "400", 1)
        assert (again.fields, again.edit) == (Fields(), Fields.of({"a": 9}))

    def test_nothing_is_folded_into_it(self, store: Store) -> None:
        end(store, 1, buried())
        decide(store, RESEND)

        receipt = store.outbox.enqueue([change(1, UPDATE)], folding=True)

        assert receipt.folded == 0

    @pytest.mark.parametrize("kind", ChangeKind)
    def test_letter_is_left_where_a_later_change_was_delivered(
        self, store: Store, kind: ChangeKind
    ) -> None:
        lose(store, "old")
        deliver(store, change(1, kind))

        assert decide(store, RESEND) == Decided(superseded=1)

        assert list(claim(store)) == []
        assert states(store) == {MessageState.DEAD: 1, MessageState.DELIVERED: 1}

    def test_change_in_another_lane_of_the_account_supersedes_too(self, store: Store) -> None:
        lose(store, "old")
        store.outbox.enqueue([change(1, UPDATE, within=scope("welcome"))], folding=True)
        deliver_everything(store, WELCOME)

        assert decide(store, RESEND) == Decided(superseded=1)

    def test_change_of_another_profile_or_account_supersedes_nothing(self, store: Store) -> None:
        lose(store, "old")
        deliver(store, change(2, UPDATE))
        partner = scope("partner", account="partner")
        store.outbox.enqueue([change(1, UPDATE, within=partner)], folding=True)
        deliver_everything(store, "partner")

        assert decide(store, RESEND) == Decided(moved=1)

    def test_earlier_change_that_was_delivered_supersedes_nothing(self, store: Store) -> None:
        deliver(store, change(1))
        lose(store, "old")

        assert decide(store, RESEND) == Decided(moved=1)

    def test_letter_stays_superseded_when_the_later_change_is_forgotten(
        self, stand: StoreStand, store: Store
    ) -> None:
        lose(store, "old")
        deliver(store, change(1, UPDATE, {"n": "new"}))
        stand.clock.advance(MINUTE)
        assert store.history.prune(stand.clock.now(), limit=9) == 1

        assert decide(store, RESEND) == Decided(superseded=1)

    def test_later_change_that_died_too_supersedes_nothing(self, store: Store) -> None:
        ids = lose(store, "first", "second")

        assert decide(store, RESEND, only(ids[0])) == Decided(moved=1)


class DiscardContract:
    """`Decision.DISCARD`."""

    @pytest.mark.parametrize("verdict", [buried(), HOLDING, DOUBT], ids=["dead", "held", "parked"])
    def test_discarded_message_is_never_sent(self, store: Store, verdict: Bury | Park) -> None:
        end(store, 1, verdict)

        told = decide(store, DISCARD, PARKED if verdict == DOUBT else ANY)

        assert told == Decided(moved=1)
        assert states(store) == {MessageState.ERASED: 1}
        assert list(claim(store)) == []
        assert not store.ledger.holds(scope(), person(1))

    def test_letter_that_is_superseded_can_be_discarded(self, store: Store) -> None:
        lose(store, "old")
        deliver(store, change(1, UPDATE))

        assert decide(store, DISCARD) == Decided(moved=1)

    def test_discarded_letter_is_a_letter_no_more(self, store: Store) -> None:
        letter = end(store, 1, buried())

        decide(store, DISCARD)

        assert list(store.dead_letters.letters(ANY, limit=9)) == []
        assert not store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")
        assert decide(store, RESEND) == Decided()


class OrderContract:
    """The place in the line of a message that is sent again."""

    def test_it_goes_before_all_that_was_enqueued_later(self, store: Store) -> None:
        lose(store, "first")
        later = [change(1, UPDATE, {"n": word}) for word in ("second", "third")]
        store.outbox.enqueue(later, folding=False)

        decide(store, RESEND)

        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]
        assert sent == ["first", "second", "third"]

    def test_it_goes_after_what_is_in_flight(self, store: Store) -> None:
        lose(store, "first")
        later = [change(1, UPDATE, {"n": word}) for word in ("second", "third")]
        store.outbox.enqueue(later, folding=False)
        [batch] = claim(store)
        assert words(batch) == ["second"]

        decide(store, RESEND)

        assert list(claim(store)) == []
        settle(store, batch)
        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]
        assert sent == ["first", "third"]

    def test_it_goes_before_what_waits_for_another_try(
        self, stand: StoreStand, store: Store
    ) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE, {"n": "second"})], folding=False)
        settle(store, claim(store)[0], Retry(stand.clock.now() + MINUTE, "503", "down"))

        decide(store, RESEND)

        [batch] = claim(store)
        assert words(batch) == ["first"]
        settle(store, batch)
        assert list(claim(store)) == []
        stand.clock.advance(MINUTE)
        assert words(claim(store)[0]) == ["second"]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_letters_of_one_profile_keep_their_order(self, store: Store, *, reverse: bool) -> None:
        ids = lose(store, "first", "second", "third")
        store.outbox.enqueue([change(1, UPDATE, {"n": "fourth"})], folding=False)

        for id_ in sorted(ids, reverse=reverse):
            decide(store, RESEND, only(id_))

        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]
        assert sent == ["first", "second", "third", "fourth"]

    def test_it_goes_before_what_another_lane_was_given_later(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE, within=scope("welcome"))], folding=False)

        decide(store, RESEND)

        assert list(claim(store, WELCOME)) == []
        assert words(claim(store)[0]) == ["first"]

    def test_profile_still_has_one_change_in_flight_at_most(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE), change(2)], folding=False)

        decide(store, RESEND)

        batches = claim(store, batches=5)
        assert [numbers(batch) for batch in batches] == [[1, 2]]

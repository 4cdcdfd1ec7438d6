"""What every keeper of dead and parked messages promises about sending them again."""

import pytest

from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decided, Decision
from petiole.core.domain.fields import Fields
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import Bury, Park, Retry
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, scope, snapshot
from petiole.testing.contracts.deciding import (
    ANY,
    DISCARD,
    HOLDING,
    PARKED,
    RESEND,
    UPDATE,
    ArrivedContract,
    decide,
    lose,
    only,
    states,
    words,
)
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
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand


class ResendContract(ArrivedContract):
    """`Decision.RESEND`."""

    @keeps(DeadLetters.decide, "with no attempt counted")
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

    @keeps(DeadLetters.decide, "takes its old place in the line of its profile")
    def test_message_keeps_its_id_and_its_age(self, stand: StoreStand, store: Store) -> None:
        enqueued_at = stand.clock.now()
        letter = end(store, 1, buried())
        stand.clock.advance(30 * MINUTE)

        decide(store, RESEND)

        assert store.outbox.backlog(NEWSLETTER, ALL).oldest_enqueued_at == enqueued_at
        [message] = claim(store)[0].messages
        assert (message.id, message.enqueued_at) == (letter, enqueued_at)

    @keeps(DeadLetters.edit, "Lay fields over")
    def test_what_was_edited_is_sent(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1, "b": 2})], folding=True)
        [batch] = claim(store)
        settle(store, batch, buried())
        store.dead_letters.edit(batch.messages[0].id, Fields.of({"b": 9}), by="Noor")

        decide(store, RESEND)

        [message] = claim(store)[0].messages
        assert message.change.fields == Fields.of({"a": 1, "b": 9})

    @keeps(DeadLetters.edit, "Lay fields over")
    def test_edited_message_weighs_what_is_sent(self, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"city": "Köln"}), by="Noor")

        decide(store, RESEND)

        weight = len('{"city":"Köln"}'.encode())
        assert store.outbox.backlog(NEWSLETTER, ALL).weight_bytes == weight

    @keeps(DeadLetters.edit, "so is its fingerprint")
    def test_edited_profile_counts_as_what_the_source_told(self, store: Store) -> None:
        store.outbox.enqueue([change(1, fields={"a": 1})], folding=True)
        [batch] = claim(store)
        settle(store, batch, buried())
        store.dead_letters.edit(batch.messages[0].id, Fields.of({"a": 9}), by="Noor")
        decide(store, RESEND)
        deliver_everything(store)

        with store.ledger.compare(scope(), snapshot((1, {"a": 1})), mirror=True) as comparison:
            assert comparison.difference().unchanged == 1

    @keeps(DeadLetters.decide, "One that is sent again")
    def test_message_that_dies_again_is_a_letter_again(self, store: Store) -> None:
        letter = end(store, 1, buried())
        store.dead_letters.edit(letter, Fields.of({"a": 9}), by="Noor")
        decide(store, RESEND)

        settle(store, claim(store)[0], Bury("400", "no date"))

        [again] = store.dead_letters.letters(ANY, limit=9)
        assert (again.id, again.code, again.attempts) == (letter, "400", 1)
        assert (again.fields, again.edit) == (Fields(), Fields.of({"a": 9}))

    @keeps(DeadLetters.decide, "takes its old place in the line of its profile")
    def test_nothing_is_folded_into_it(self, store: Store) -> None:
        end(store, 1, buried())
        decide(store, RESEND)

        receipt = store.outbox.enqueue([change(1, UPDATE)], folding=True)

        assert receipt.folded == 0

    @keeps(DeadLetters.decide, "what a later change of its profile has superseded")
    @pytest.mark.parametrize("kind", ChangeKind)
    def test_letter_is_left_where_a_later_change_was_delivered(
        self, store: Store, kind: ChangeKind
    ) -> None:
        lose(store, "old")
        deliver(store, change(1, kind))

        assert decide(store, RESEND) == Decided(superseded=1)

        assert list(claim(store)) == []
        assert states(store) == {MessageState.DEAD: 1, MessageState.DELIVERED: 1}

    @keeps(DeadLetters.decide, "being sent in whatever lane of the account")
    def test_change_in_another_lane_of_the_account_supersedes_too(self, store: Store) -> None:
        lose(store, "old")
        store.outbox.enqueue([change(1, UPDATE, within=scope("welcome"))], folding=True)
        deliver_everything(store, WELCOME)

        assert decide(store, RESEND) == Decided(superseded=1)

    @keeps(DeadLetters.decide, "being sent in whatever lane of the account")
    def test_change_of_another_profile_or_account_supersedes_nothing(self, store: Store) -> None:
        lose(store, "old")
        deliver(store, change(2, UPDATE))
        partner = scope("partner", account="partner")
        store.outbox.enqueue([change(1, UPDATE, within=partner)], folding=True)
        deliver_everything(store, "partner")

        assert decide(store, RESEND) == Decided(moved=1)

    @keeps(DeadLetters.decide, "what a later change of its profile has superseded")
    def test_earlier_change_that_was_delivered_supersedes_nothing(self, store: Store) -> None:
        deliver(store, change(1))
        lose(store, "old")

        assert decide(store, RESEND) == Decided(moved=1)

    @keeps(DeadLetters.decide, "what a later change of its profile has superseded")
    def test_letter_stays_superseded_when_the_later_change_is_forgotten(
        self, stand: StoreStand, store: Store
    ) -> None:
        lose(store, "old")
        deliver(store, change(1, UPDATE, {"n": "new"}))
        stand.clock.advance(MINUTE)
        assert store.history.prune(stand.clock.now(), limit=9) == 1

        assert decide(store, RESEND) == Decided(superseded=1)

    @keeps(DeadLetters.decide, "what a later change of its profile has superseded")
    def test_later_change_that_died_too_supersedes_nothing(self, store: Store) -> None:
        ids = lose(store, "first", "second")

        assert decide(store, RESEND, only(ids[0])) == Decided(moved=1)

    @keeps(DeadLetters.decide, "what a later change of its profile has superseded")
    def test_letter_stays_superseded_when_an_older_one_arrives_last(self, store: Store) -> None:
        first, second = lose(store, "first", "second")
        store.outbox.enqueue([change(1, UPDATE, {"n": "third"})], folding=False)
        [batch] = claim(store)
        decide(store, RESEND, only(first))
        settle(store, batch)
        deliver_everything(store)

        assert decide(store, RESEND, only(second)) == Decided(superseded=1)


class OrderContract:
    """The place in the line of a message that is sent again."""

    @keeps(DeadLetters.decide, "before all changes that were enqueued later")
    def test_it_goes_before_all_that_was_enqueued_later(self, store: Store) -> None:
        lose(store, "first")
        later = [change(1, UPDATE, {"n": word}) for word in ("second", "third")]
        store.outbox.enqueue(later, folding=False)

        decide(store, RESEND)

        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]
        assert sent == ["first", "second", "third"]

    @keeps(DeadLetters.decide, "delivered or being sent")
    def test_letter_is_left_while_a_later_change_is_being_sent(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE, {"n": "second"})], folding=False)
        [batch] = claim(store)

        done = store.dead_letters.decide(ANY, RESEND, by="Noor")

        assert (done.moved, done.superseded) == (0, 1)
        settle(store, batch)
        assert list(claim(store)) == []

    @keeps(DeadLetters.decide, "unless anyway")
    def test_superseded_letter_is_sent_again_where_that_is_wanted(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE)], folding=False)
        deliver_everything(store)

        assert decide(store, Decision.RESEND_ANYWAY) == Decided(moved=1)
        assert words(claim(store)[0]) == ["first"]

    @keeps(DeadLetters.decide, "before all changes that were enqueued later")
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

    @keeps(DeadLetters.decide, "takes its old place in the line of its profile")
    @pytest.mark.parametrize("reverse", [False, True])
    def test_letters_of_one_profile_keep_their_order(self, store: Store, *, reverse: bool) -> None:
        ids = lose(store, "first", "second", "third")
        store.outbox.enqueue([change(1, UPDATE, {"n": "fourth"})], folding=False)

        for id_ in sorted(ids, reverse=reverse):
            decide(store, RESEND, only(id_))

        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]
        assert sent == ["first", "second", "third", "fourth"]

    @keeps(DeadLetters.decide, "before all changes that were enqueued later")
    def test_it_goes_before_what_another_lane_was_given_later(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE, within=scope("welcome"))], folding=False)

        decide(store, RESEND)

        assert list(claim(store, WELCOME)) == []
        assert words(claim(store)[0]) == ["first"]

    @keeps(Outbox, "never two at a time")
    def test_profile_still_has_one_change_in_flight_at_most(self, store: Store) -> None:
        lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE), change(2)], folding=False)

        decide(store, RESEND)

        batches = claim(store, batches=5)
        assert [numbers(batch) for batch in batches] == [[1, 2]]

    @keeps(DeadLetters.decide, "becomes claimable as soon as nothing is before it")
    @pytest.mark.parametrize("verdict", [HOLDING, DOUBT], ids=["held", "parked"])
    def test_what_waits_behind_it_for_a_person_goes_on_waiting(
        self, store: Store, verdict: Bury | Park
    ) -> None:
        [first] = lose(store, "first")
        store.outbox.enqueue([change(1, UPDATE, {"n": "second"})], folding=False)
        settle(store, claim(store)[0], verdict)
        store.outbox.enqueue([change(1, UPDATE, {"n": "third"})], folding=False)

        decide(store, RESEND, only(first))
        sent = [m.change.fields.values()["n"] for m in deliver_everything(store)]

        assert sent == ["first"]
        decide(store, DISCARD, PARKED if verdict == DOUBT else ANY)
        assert words(claim(store)[0]) == ["third"]

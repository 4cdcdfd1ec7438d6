"""What every history promises about telling what happened."""

import pytest

from petiole.core.domain.attempt_record import AttemptRecord
from petiole.core.domain.change import ChangeKind
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.fields import Fields
from petiole.core.domain.life import Happening, Step
from petiole.core.domain.message import MessageState
from petiole.core.domain.settlement import Bury, Defer, Park, Retry
from petiole.core.exchange import Exchange
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.history import History
from petiole.core.ports.outbox import Outbox
from petiole.testing.changes import change, person, scope
from petiole.testing.contracts.runs import (
    DOUBT,
    LEASE,
    MINUTE,
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

ADD, UPDATE = ChangeKind.ADD, ChangeKind.UPDATE
ACCOUNT = scope().account
SAID = Exchange(request="POST /receiver, 1 record", answer='200 {"rows": 1}')
DEAD, PARKED = LetterSelection(), LetterSelection(state=MessageState.PARKED)


def life(store: Store, number: int = 1, connection: str = NEWSLETTER) -> list[Happening]:
    """What happened to a customer in a connection."""
    name = scope(connection).connection
    return list(store.history.life(ACCOUNT, name, person(number)))


def steps(store: Store, number: int = 1, connection: str = NEWSLETTER) -> list[Step]:
    """The kinds of what happened."""
    return [happening.step for happening in life(store, number, connection)]


def record(stand: StoreStand, calls: int = 1) -> AttemptRecord:
    """An attempt of now."""
    now = stand.clock.now()
    return AttemptRecord(began_at=now, ended_at=now, calls=calls, exchanges=[SAID] * calls)


class LifeContract:
    """`History.life`."""

    @keeps(History.life, "Nothing happened to strangers")
    def test_nothing_happened_to_strangers(self, store: Store) -> None:
        fill(store, 2, 2)

        assert life(store, 1) == []

    @keeps(History.life, "Tell in order what happened")
    def test_delivered_change_is_told_from_beginning_to_end(
        self, stand: StoreStand, store: Store
    ) -> None:
        began = stand.clock.now()
        fill(store, 1, 1)
        stand.clock.advance(20 * MINUTE)
        [batch] = claim(store)
        [message] = batch.messages
        attempt = record(stand)
        stand.clock.advance(MINUTE)
        settle(store, batch, record=attempt)

        enqueued, sent, delivered = life(store)

        assert (enqueued.step, enqueued.at) == (Step.ENQUEUED, began)
        assert (sent.step, sent.at, sent.batch) == (Step.SENT, attempt.began_at, batch.id)
        assert list(sent.exchanges) == [SAID]
        assert (delivered.step, delivered.at) == (Step.DELIVERED, stand.clock.now())
        for happening in (enqueued, sent, delivered):
            assert (happening.message, happening.kind) == (message.id, ADD)
            assert happening.segment == scope().segment

    @keeps(History.life, "A folded message was enqueued first")
    def test_fold_tells_what_lives_on(self, store: Store) -> None:
        store.outbox.enqueue([change(1), change(1, UPDATE)], folding=True)
        [batch] = claim(store)
        settle(store, batch)

        [folded] = [happening for happening in life(store) if happening.step is Step.FOLDED]

        assert folded.into == batch.messages[0].id
        assert folded.message > batch.messages[0].id
        assert folded.kind is UPDATE

    @keeps(History, "Remembers attempts, answers and decisions")
    @keeps(Outbox.settle, "The record of the attempt")
    def test_every_try_is_told_with_the_words_of_the_platform(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 1)
        for words in ("down", "still down"):
            settle(
                store,
                claim(store)[0],
                Retry(stand.clock.now() + MINUTE, "503", words),
                record=record(stand),
            )
            stand.clock.advance(MINUTE)
        deliver_everything(store)

        tries = [Step.SENT, Step.RETRY] * 2
        assert steps(store) == [Step.ENQUEUED, *tries, Step.SENT, Step.DELIVERED]
        told = [happening.told for happening in life(store) if happening.step is Step.RETRY]
        assert told == ["503: down", "503: still down"]

    @keeps(History.life, "Tell in order what happened")
    def test_change_that_waits_without_a_failure_is_told_too(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 1)

        settle(store, claim(store)[0], Defer(None, "customer is locked"), record=record(stand))

        assert steps(store) == [Step.ENQUEUED, Step.SENT, Step.RETRY]
        assert life(store)[-1].told == "customer is locked"

    @keeps(History.life, "An attempt that made no call sent nothing")
    def test_attempt_without_a_call_was_not_sent(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 1)

        settle(store, claim(store)[0], Defer(None, "no time left"), record=record(stand, calls=0))

        assert steps(store) == [Step.ENQUEUED, Step.RETRY]

    @keeps(History, "Remembers attempts, answers and decisions")
    def test_attempt_of_a_runner_that_died_is_told_without_words(
        self, stand: StoreStand, store: Store
    ) -> None:
        fill(store, 1, 1)
        [lost] = claim(store)
        stand.kill(store)
        other = stand.open()
        settle(other, claim(other)[0], record=record(stand))

        assert steps(other) == [Step.ENQUEUED, Step.SENT, Step.SENT, Step.DELIVERED]
        first, second = (told for told in life(other) if told.step is Step.SENT)
        assert first.batch == second.batch == lost.id
        assert (list(first.exchanges), list(second.exchanges)) == ([], [SAID])

    @keeps(History.life, "that was overtaken is not told")
    def test_words_of_who_was_overtaken_are_not_told(self, stand: StoreStand, store: Store) -> None:
        fill(store, 1, 1)
        [slow] = claim(store)
        stand.clock.advance(LEASE)
        other = stand.open()
        claim(other)

        settle(store, slow, buried(), record=record(stand))

        assert Step.DEAD not in steps(store)
        assert not any(happening.exchanges for happening in life(store))

    @keeps(History, "Remembers attempts, answers and decisions")
    @pytest.mark.parametrize(
        ("verdict", "step"), [(Bury("105", "unknown field"), Step.DEAD), (DOUBT, Step.PARKED)]
    )
    def test_bad_end_is_told_with_the_words_of_the_platform(
        self, store: Store, verdict: Bury | Park, step: Step
    ) -> None:
        end(store, 1, verdict)

        assert steps(store) == [Step.ENQUEUED, Step.SENT, step]
        assert life(store)[-1].told == f"{verdict.code}: {verdict.reason}"

    @keeps(History, "Remembers attempts, answers and decisions")
    @keeps(DeadLetters, "`by` names who decided")
    def test_edit_and_redrive_tell_who_did_it(self, stand: StoreStand, store: Store) -> None:
        letter = end(store, 1, buried())
        stand.clock.advance(MINUTE)
        store.dead_letters.edit(letter, Fields.of({"a": 1}), by="Noor")
        stand.clock.advance(MINUTE)
        store.dead_letters.decide(DEAD, Decision.RESEND, by="Bo")
        deliver_everything(store)

        assert steps(store) == [
            Step.ENQUEUED,
            Step.SENT,
            Step.DEAD,
            Step.EDITED,
            Step.RESENT,
            Step.SENT,
            Step.DELIVERED,
        ]
        assert [happening.by for happening in life(store)[3:5]] == ["Noor", "Bo"]

    @keeps(History, "Remembers attempts, answers and decisions")
    @pytest.mark.parametrize(
        ("decision", "step"),
        [(Decision.ARRIVED, Step.ARRIVED), (Decision.DISCARD, Step.DISCARDED)],
    )
    def test_decision_that_ends_it_is_told(
        self, stand: StoreStand, store: Store, decision: Decision, step: Step
    ) -> None:
        end(store, 1, DOUBT)
        stand.clock.advance(MINUTE)

        store.dead_letters.decide(PARKED, decision, by="Noor")

        assert steps(store) == [Step.ENQUEUED, Step.SENT, Step.PARKED, step]
        last = life(store)[-1]
        assert (last.at, last.by) == (stand.clock.now(), "Noor")

    @keeps(History, "Remembers attempts, answers and decisions")
    def test_decision_that_was_not_carried_out_is_not_told(self, store: Store) -> None:
        end(store, 1, buried())
        deliver(store, change(1, UPDATE))

        store.dead_letters.decide(DEAD, Decision.RESEND, by="Noor")

        assert Step.RESENT not in steps(store)

    @keeps(History.life, "Tell in order what happened")
    def test_changes_of_one_profile_are_told_together(
        self, stand: StoreStand, store: Store
    ) -> None:
        deliver(store, change(1))
        stand.clock.advance(MINUTE)
        deliver(store, change(1, UPDATE, within=scope(segment="4712")))

        assert [(happening.segment, happening.kind) for happening in life(store)] == [
            *[("4711", ADD)] * 3,
            *[("4712", UPDATE)] * 3,
        ]

    @keeps(History.life, "a profile's changes in a connection")
    def test_other_profiles_connections_and_accounts_are_left_out(self, store: Store) -> None:
        partner = scope(account="partner")
        store.outbox.enqueue(
            [change(1), change(2), change(1, within=scope("welcome")), change(1, within=partner)],
            folding=False,
        )

        assert steps(store) == [Step.ENQUEUED]
        assert steps(store, connection=WELCOME) == [Step.ENQUEUED]
        assert life(store)[0].message != life(store, connection=WELCOME)[0].message

    @keeps(History.life, "Tell in order what happened")
    def test_life_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        end(store, 1, buried())
        before = life(store)
        stand.kill(store)

        assert life(stand.open()) == before

"""What every bell promises."""

import threading

import pytest

from petiole.core.domain.breaker import HEALTHY, ConnectionState, PauseReason, paused
from petiole.core.domain.dead_letter import Decision, LetterSelection
from petiole.core.domain.message import MessageState
from petiole.core.ports.bell import Bell
from petiole.testing.changes import MOMENT, change
from petiole.testing.contracts.runs import DOUBT, NEWSLETTER, buried, claim, end, settle
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

PATIENCE_SECONDS = 5.0
"""For a ring that must come; one that must not is not waited for."""
DEAD, PARKED = LetterSelection(), LetterSelection(state=MessageState.PARKED)


class Ear:
    """Notes rings."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def wake(self) -> None:
        self._rung.set()

    @property
    def rung(self) -> bool:
        """Tell whether it rang since the last look."""
        return self._rung.is_set()

    def hears(self) -> bool:
        """Tell whether it rang since the last look, or rings now."""
        rung = self._rung.wait(PATIENCE_SECONDS)
        self._rung.clear()
        return rung


def stop(state: ConnectionState) -> ConnectionState:
    """Pause it as an operator does."""
    return paused(state, PauseReason.OPERATOR, "maintenance", now=MOMENT, by="Noor")


class BellContract(StoreContract):
    """`ports.bell`: override `stand`. One that cannot ring is skipped."""

    @pytest.fixture
    def ear(self) -> Ear:
        return Ear()

    @pytest.fixture
    def bell(self, store: Store, ear: Ear) -> Bell:
        """The bell of a runner; skips where ringing cannot be heard."""
        with store.bell.listen(ear.wake) as heard:
            if not heard:
                pytest.skip("no ringing can be heard here")
        return store.bell

    @keeps(Bell.listen, "Yields whether ringing can be heard")
    def test_it_tells_whether_it_can_be_heard(self, store: Store, ear: Ear) -> None:
        with store.bell.listen(ear.wake) as heard:
            assert isinstance(heard, bool)

    @keeps(Bell, "That is: enqueueing")
    def test_new_change_rings(self, store: Store, bell: Bell, ear: Ear) -> None:
        with bell.listen(ear.wake):
            store.outbox.enqueue([change(1)], folding=True)

            assert ear.hears()

    @keeps(Bell, "in this process or in another")
    def test_other_runners_are_heard(self, stand: StoreStand, bell: Bell, ear: Ear) -> None:
        other = stand.open()

        with bell.listen(ear.wake):
            other.outbox.enqueue([change(1)], folding=True)

            assert ear.hears()

    @keeps(Bell, "a decision about dead or parked messages")
    @pytest.mark.parametrize("decision", Decision)
    def test_decision_about_a_parked_message_rings(
        self, store: Store, bell: Bell, ear: Ear, decision: Decision
    ) -> None:
        end(store, 1, DOUBT)

        with bell.listen(ear.wake):
            store.dead_letters.decide(PARKED, decision, by="Noor")

            assert ear.hears()

    @keeps(Bell, "a decision about dead or parked messages")
    def test_decision_about_a_dead_message_rings(self, store: Store, bell: Bell, ear: Ear) -> None:
        end(store, 1, buried())

        with bell.listen(ear.wake):
            store.dead_letters.decide(DEAD, Decision.RESEND, by="Noor")

            assert ear.hears()

    @keeps(Bell, "a change of a connection's state that a person made")
    def test_connection_that_a_person_changed_rings(
        self, stand: StoreStand, bell: Bell, ear: Ear
    ) -> None:
        other = stand.open()

        with bell.listen(ear.wake):
            other.states.change(NEWSLETTER, stop, by="Noor")
            assert ear.hears()
            other.states.change(NEWSLETTER, lambda _: HEALTHY, by="Noor")
            assert ear.hears()

    @keeps(Bell.listen, "Call `wake` at every ring")
    def test_all_who_listen_are_woken(self, stand: StoreStand, bell: Bell, ear: Ear) -> None:
        other, others_ear = stand.open(), Ear()

        with bell.listen(ear.wake), other.bell.listen(others_ear.wake):
            other.outbox.enqueue([change(1)], folding=True)

            assert ear.hears()
            assert others_ear.hears()

    @keeps(Bell.listen, "at every ring")
    def test_it_rings_again_and_again(self, store: Store, bell: Bell, ear: Ear) -> None:
        with bell.listen(ear.wake):
            for number in (1, 2, 3):
                store.outbox.enqueue([change(number)], folding=True)

                assert ear.hears()

    @keeps(Bell.listen, "until the context is left")
    def test_who_listens_no_more_is_not_woken(self, store: Store, bell: Bell, ear: Ear) -> None:
        gone = Ear()
        with bell.listen(gone.wake):
            pass

        with bell.listen(ear.wake):
            store.outbox.enqueue([change(1)], folding=True)
            assert ear.hears()

        assert not gone.rung

    @keeps(Bell.listen, "Call `wake` at every ring")
    def test_one_may_listen_again(self, store: Store, bell: Bell, ear: Ear) -> None:
        with bell.listen(ear.wake):
            pass

        with bell.listen(ear.wake):
            store.outbox.enqueue([change(1)], folding=True)

            assert ear.hears()

    @keeps(Bell, "whatever may give a relay something to do")
    def test_runner_that_died_while_it_listened_disturbs_nobody(
        self, stand: StoreStand, store: Store, bell: Bell, ear: Ear
    ) -> None:
        other = stand.open()

        with other.bell.listen(Ear().wake), bell.listen(ear.wake):
            stand.kill(other)
            store.outbox.enqueue([change(1)], folding=True)

            assert ear.hears()
        assert [batch.epoch for batch in claim(store)] == [1]

    @keeps(Bell.listen, "until the context is left")
    def test_ringing_needs_no_listener(self, store: Store) -> None:
        store.outbox.enqueue([change(1)], folding=True)
        settle(store, claim(store)[0])

        assert store.states.change(NEWSLETTER, stop, by="Noor").paused

"""What every keeper of connection states promises."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from petiole.core.domain.breaker import HEALTHY, ConnectionState, Hold, PauseReason
from petiole.core.ports.connection_states import ConnectionStates
from petiole.testing.changes import MOMENT
from petiole.testing.contracts.runs import MINUTE, NEWSLETTER, WELCOME
from petiole.testing.contracts.store import StoreContract
from petiole.testing.promises import keeps
from petiole.testing.stands import Store, StoreStand

Transition: TypeAlias = Callable[[ConnectionState], ConnectionState]
OPEN = ConnectionState(
    failures=5,
    failing_since=MOMENT - MINUTE,
    open_until=MOMENT,
    hold=Hold.BREAKER,
    reason="503: onderhoud in Köln",
)


def into(state: ConnectionState) -> Transition:
    """Whatever it was before."""
    return lambda _: state


def fail_once_more(state: ConnectionState) -> ConnectionState:
    """Depend on what is there."""
    return replace(state, failures=state.failures + 1)


class ConnectionStatesContract(StoreContract):
    """`ports.connection_states`: override `stand`."""

    @keeps(ConnectionStates, "a connection never heard of is healthy")
    def test_unheard_of_connection_is_healthy(self, store: Store) -> None:
        assert store.states.state(NEWSLETTER) == HEALTHY

    @keeps(ConnectionStates.state, "Read")
    @keeps(ConnectionStates.change, "Write what the transition makes")
    @pytest.mark.parametrize(
        "state",
        [
            OPEN,
            *(ConnectionState(open_until=MOMENT, hold=hold) for hold in Hold),
            *(
                ConnectionState(paused=why, paused_by="Noor", paused_at=MOMENT, reason="stop")
                for why in PauseReason
            ),
        ],
    )
    def test_state_is_read_as_it_was_written(self, store: Store, state: ConnectionState) -> None:
        told = store.states.change(NEWSLETTER, into(state))

        assert told == store.states.state(NEWSLETTER) == state

    @keeps(ConnectionStates.change, "of the present state, and return that")
    def test_transition_begins_at_the_present_state(self, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))

        told = store.states.change(NEWSLETTER, fail_once_more)

        assert told == store.states.state(NEWSLETTER) == replace(OPEN, failures=6)

    @keeps(ConnectionStates.change, "no word of others is lost")
    def test_no_word_of_others_is_lost(self, stand: StoreStand, store: Store) -> None:
        runners = [store, stand.open(), stand.open()]

        for runner in runners * 2:
            runner.states.change(NEWSLETTER, fail_once_more)

        assert store.states.state(NEWSLETTER).failures == 6

    @keeps(ConnectionStates.change, "Write what the transition makes")
    def test_connection_becomes_healthy_again(self, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))

        told = store.states.change(NEWSLETTER, into(HEALTHY))

        assert told == store.states.state(NEWSLETTER) == HEALTHY

    @keeps(ConnectionStates.change, "Nothing is written where it changes nothing")
    def test_transition_that_changes_nothing_tells_what_is_there(self, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))

        assert store.states.change(NEWSLETTER, lambda state: state, by="Noor") == OPEN
        assert store.states.state(NEWSLETTER) == OPEN

    @keeps(ConnectionStates.change, "One transaction")
    def test_transition_that_fails_changes_nothing(self, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))

        def stumble(_: ConnectionState) -> ConnectionState:
            raise LookupError

        with pytest.raises(LookupError):
            store.states.change(NEWSLETTER, stumble)

        assert store.states.state(NEWSLETTER) == OPEN
        assert store.states.change(NEWSLETTER, into(HEALTHY)) == HEALTHY

    @keeps(ConnectionStates.state, "Read")
    def test_connections_are_kept_apart(self, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))

        assert store.states.state(WELCOME) == HEALTHY

    @keeps(ConnectionStates, "shared by all runners")
    def test_all_runners_see_the_same(self, stand: StoreStand, store: Store) -> None:
        other = stand.open()
        store.states.change(NEWSLETTER, into(OPEN))

        assert other.states.state(NEWSLETTER) == OPEN

    @keeps(ConnectionStates, "Durable")
    def test_state_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        store.states.change(NEWSLETTER, into(OPEN))
        stand.kill(store)

        assert stand.open().states.state(NEWSLETTER) == OPEN

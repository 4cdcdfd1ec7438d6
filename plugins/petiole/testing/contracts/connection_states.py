"""What every keeper of connection states promises."""

import pytest

from petiole.core.domain.breaker import HEALTHY, ConnectionState, PauseReason
from petiole.testing.changes import MOMENT
from petiole.testing.contracts.runs import NEWSLETTER, WELCOME
from petiole.testing.contracts.store import StoreContract
from petiole.testing.stands import Store, StoreStand

OPEN = ConnectionState(failures=5, open_until=MOMENT, reason="503: onderhoud in Köln")


class ConnectionStatesContract(StoreContract):
    """`ports.connection_states`: override `stand`."""

    def test_unheard_of_connection_is_healthy(self, store: Store) -> None:
        assert store.states.state(NEWSLETTER) == HEALTHY

    @pytest.mark.parametrize(
        "state",
        [OPEN, *(ConnectionState(paused=why, reason="stop") for why in PauseReason), HEALTHY],
    )
    def test_state_is_read_as_it_was_recorded(self, store: Store, state: ConnectionState) -> None:
        store.states.record(NEWSLETTER, state)

        assert store.states.state(NEWSLETTER) == state

    def test_last_word_wins(self, store: Store) -> None:
        store.states.record(NEWSLETTER, OPEN)
        store.states.record(NEWSLETTER, HEALTHY)

        assert store.states.state(NEWSLETTER) == HEALTHY

    def test_connections_are_kept_apart(self, store: Store) -> None:
        store.states.record(NEWSLETTER, OPEN)

        assert store.states.state(WELCOME) == HEALTHY

    def test_all_runners_see_the_same(self, stand: StoreStand, store: Store) -> None:
        other = stand.open()
        store.states.record(NEWSLETTER, OPEN)

        assert other.states.state(NEWSLETTER) == OPEN

    def test_state_survives_the_runner(self, stand: StoreStand, store: Store) -> None:
        store.states.record(NEWSLETTER, OPEN)
        stand.kill(store)

        assert stand.open().states.state(NEWSLETTER) == OPEN

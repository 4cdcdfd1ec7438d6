"""Broken keepers of connection states."""

from collections.abc import Callable
from typing import TypeAlias

from petiole.core.domain.breaker import HEALTHY, ConnectionState
from petiole.core.domain.change import ConnectionName
from petiole.core.ports.connection_states import ConnectionStates
from petiole.testing.zoo.mutant import breaks

Transition: TypeAlias = Callable[[ConnectionState], ConnectionState]


@breaks(ConnectionStates.state, "Read")
def finds_every_connection_healthy(
    states: ConnectionStates, connection: ConnectionName
) -> ConnectionState:
    states.state(connection)
    return HEALTHY


@breaks(ConnectionStates.state, "Read")
def mixes_connections_up(states: ConnectionStates, connection: ConnectionName) -> ConnectionState:
    del connection
    return states.state(ConnectionName("newsletter"))


@breaks(ConnectionStates.change, "Write what the transition makes")
def forgets_a_transition(
    states: ConnectionStates, connection: ConnectionName, transition: Transition, *, by: str = ""
) -> ConnectionState:
    del by
    return transition(states.state(connection))


@breaks(ConnectionStates.change, "of the present state, and return that")
def returns_the_state_before(
    states: ConnectionStates, connection: ConnectionName, transition: Transition, *, by: str = ""
) -> ConnectionState:
    before = states.state(connection)
    states.change(connection, transition, by=by)
    return before


@breaks(ConnectionStates.change, "no word of others is lost")
def begins_at_health(
    states: ConnectionStates, connection: ConnectionName, transition: Transition, *, by: str = ""
) -> ConnectionState:
    return states.change(connection, lambda _: transition(HEALTHY), by=by)

"""What landed is out of the air, also while its connection's state cannot be noted."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from petiole.adapters.memory import MemorySink
from petiole.core.delivery.relay import Relay
from petiole.core.domain.breaker import ConnectionState, PauseReason
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.message import MessageState
from petiole.core.errors import InvalidCredentials, OutboxBusy
from petiole.core.ports.connection_states import ConnectionStates
from tests.core.delivery.stage import Stage
from tests.core.profiles import MINUTE, SECOND


@dataclass
class BusyStates:
    """States that cannot be changed, so many times."""

    inner: ConnectionStates
    refusals: int

    def state(self, connection: ConnectionName) -> ConnectionState:
        return self.inner.state(connection)

    def change(
        self,
        connection: ConnectionName,
        transition: Callable[[ConnectionState], ConnectionState],
        *,
        by: str = "",
    ) -> ConnectionState:
        if self.refusals:
            self.refusals -= 1
            raise OutboxBusy("locked")
        return self.inner.change(connection, transition, by=by)


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    sink = MemorySink()
    sink.fail(1, InvalidCredentials("token refused"))
    stage.serve(sink)
    stage.enqueue(range(100))
    return stage


def relay_with(stage: Stage, states: ConnectionStates) -> Relay:
    assert stage.workers is not None
    return Relay(
        list(stage.routes.values()),
        outbox=stage.store.outbox,
        states=states,
        bookkeeping=stage.store.bookkeeping,
        workers=stage.workers,
        clock=stage.clock,
        chance=stage.chance,
        observer=stage.observer,
    )


def test_pause_that_cannot_be_noted_is_noted_before_anything_else_is_sent(stage: Stage) -> None:
    states = BusyStates(stage.store.states, refusals=5)
    end = stage.clock.uptime() + MINUTE

    relay_with(stage, states).run(until=lambda: stage.clock.uptime() >= end)

    assert stage.flow().paused is PauseReason.CREDENTIALS
    assert stage.tally()[MessageState.PENDING] == 100
    assert stage.tally()[MessageState.DELIVERED] == 0


def test_relay_that_is_to_end_waits_until_a_pause_is_noted(stage: Stage) -> None:
    states = BusyStates(stage.store.states, refusals=5)
    relay = relay_with(stage, states)

    relay.turn(poll=SECOND)
    relay.land()

    assert stage.flow().paused is PauseReason.CREDENTIALS


def test_relay_gives_up_in_the_end_where_a_pause_cannot_be_noted(stage: Stage) -> None:
    relay = relay_with(stage, BusyStates(stage.store.states, refusals=10_000))

    relay.turn(poll=SECOND)

    with pytest.raises(OutboxBusy):
        relay.land()

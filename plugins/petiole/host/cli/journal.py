"""What an operator reads of a running host: a line with its moment for each thing that happened."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

from petiole.adapters.system import SystemClock
from petiole.core.domain.breaker import HEALTHY, ConnectionState, Flow, Hold
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.events import (
    BatchSettled,
    ConnectionHeld,
    ConnectionPaused,
    Event,
    LeaseExpired,
    MessageBuried,
    OutboxAvailable,
    OutboxUnavailable,
)
from petiole.core.errors import OutboxError
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.host.cli.explaining import held, paused
from petiole.host.cli.output import count, moment, warn

LOOK_EVERY = timedelta(seconds=1)
"""How often the states are compared where no event tells of a change: others may change them."""
SUMS_EVERY = timedelta(seconds=10)
"""How often at most it is told what died or was parked."""
LONG_PACE = timedelta(seconds=10)
"""A platform may ask for many short rests; those are not told."""
_MOST_CAUSES = 5

_log = logging.getLogger(__name__)


class Journal:
    """Watches a host: hears the relay's events, and compares the connections' states.

    Only the comparison tells what other processes did, such as a pause, and that a breaker closed.
    """

    def __init__(self, *, clock: Clock | None = None, tell: Callable[[str], None] = warn) -> None:
        self._clock = clock or SystemClock()
        self._tell = tell
        self._is_watching = False
        self._is_stirred = False
        self._look_at = timedelta()
        self._sums_at = timedelta()
        self._known: dict[ConnectionName, ConnectionState] = {}
        self._troubled: set[ConnectionName] = set()
        self._dead: Counter[tuple[ConnectionName, str, str]] = Counter()
        self._parked: Counter[ConnectionName] = Counter()

    def write(self, text: str) -> None:
        """Tell something, with the moment before it."""
        self._tell(f"{moment(self._clock.now())} {text}")

    def notify(self, event: Event) -> None:
        """Take an event from the relay."""
        match event:
            case BatchSettled():
                self._parked[event.connection] += event.parked
                self._is_stirred |= event.connection in self._troubled
                _log.info("%s", _settled(event))
            case MessageBuried(connection=connection, verdict=verdict):
                self._dead[connection, verdict.code, verdict.reason] += 1
            case ConnectionPaused(connection=connection, reason=reason):
                self._is_stirred = True
                if not self._is_watching:
                    self.write(f"{connection}: paused: {reason}")
            case ConnectionHeld():
                self._is_stirred = True
            case LeaseExpired(connection=connection, batch=batch):
                self.write(
                    f"{connection}: another runner took batch {batch} over while it was delivered; "
                    "it may arrive twice"
                )
            case OutboxUnavailable(reason=reason):
                self.write(f"{reason} (waiting)")
            case OutboxAvailable():
                self.write("the outbox can be used again")
            case _:
                pass

    @contextmanager
    def watching(
        self, states: ConnectionStates, names: Collection[ConnectionName]
    ) -> Iterator[Callable[[], bool]]:
        """Give what a host's run is to ask again and again; it answers that there is no end."""

        def look() -> bool:
            self._look(states, names)
            return False

        self._is_watching = True
        self._look_at = self._sums_at = self._clock.uptime()
        try:
            yield look
        finally:
            self._is_watching = False
            self._look_at = self._sums_at = self._clock.uptime()
            look()

    def _look(self, states: ConnectionStates, names: Collection[ConnectionName]) -> None:
        uptime = self._clock.uptime()
        if uptime >= self._look_at or self._is_stirred:
            try:
                seen = {name: states.state(name) for name in names}
            except OutboxError:
                return  # the relay meets the same trouble, and tells of it
            self._look_at, self._is_stirred = uptime + LOOK_EVERY, False
            for name, state in seen.items():
                self._compare(name, self._known.get(name, HEALTHY), state)
            self._known = seen
        if uptime >= self._sums_at and (self._dead or self._parked.total()):
            self._sums_at = uptime + SUMS_EVERY
            self._tell_sums()

    def _compare(
        self, name: ConnectionName, before: ConnectionState, state: ConnectionState
    ) -> None:
        if state.paused:
            if _pause(state) != _pause(before):
                self._troubled.add(name)
                self.write(f"{name}: {paused(state)}")
        elif before.paused:
            trial = "; one batch tries first" if state.hold is Hold.TRIAL else ""
            self.write(f"{name}: resumed{trial}")
        if not state.paused and state.open_until != before.open_until and self._is_worth(state):
            self._troubled.add(name)
            self.write(f"{name}: {held(state)}")
        if not (state.paused or state.failures or state.open_until) and name in self._troubled:
            self._troubled.remove(name)
            if not before.paused:
                self.write(f"{name}: delivers again")

    def _is_worth(self, state: ConnectionState) -> bool:
        now = self._clock.now()
        if state.open_until is None or state.flow(now) is not Flow.OPEN:
            return False
        return state.hold is not Hold.PACE or state.open_until - now >= LONG_PACE

    def _tell_sums(self) -> None:
        for (name, code, reason), number in self._dead.most_common(_MOST_CAUSES):
            cause = f"{code}: {reason}" if code else reason
            dead = count(number, "change")
            self.write(f"{name}: {dead} dead: {cause}; see petiole dead list {name}")
        more = len(self._dead) - _MOST_CAUSES
        if more > 0:
            self.write(f"changes died of {count(more, 'other cause')}; see petiole dead list")
        for name, number in (+self._parked).items():
            parked = count(number, "change")
            self.write(f"{name}: {parked} parked, outcome unknown; see petiole parked list {name}")
        self._dead.clear()
        self._parked.clear()


def _pause(state: ConnectionState) -> tuple[object, ...]:
    return state.paused, state.paused_by, state.paused_at, state.paused_why


def _settled(event: BatchSettled) -> str:
    sums = {
        "delivered": sum(event.delivered.values()),
        "retried": event.retried,
        "deferred": event.deferred,
        "parked": event.parked,
        "dead": event.buried,
    }
    told = ", ".join(f"{number:,} {name}" for name, number in sums.items() if number)
    calls = count(event.calls, "call")
    error = f": {event.error}" if event.error else ""
    return f"{event.connection}: batch {event.batch}: {told or 'nothing'} in {calls}{error}"

"""What a person does about connections and messages; each act is recorded with their name."""

from collections.abc import Iterable, Sequence

from petiole.core.domain.breaker import ConnectionState, PauseReason, paused, quota_lifted, resumed
from petiole.core.domain.change import ConnectionName
from petiole.core.domain.dead_letter import (
    DeadLetter,
    Decided,
    Decision,
    LetterGroup,
    LetterSelection,
)
from petiole.core.domain.fields import Fields
from petiole.core.domain.identity import Identifier
from petiole.core.domain.life import Happening
from petiole.core.domain.message import MessageId
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.core.ports.dead_letters import DeadLetters
from petiole.core.ports.history import History
from petiole.host.hints import hint
from petiole.host.registry import Registry
from petiole.host.settings import Settings


class Operations:
    """Acts on the stores, while a host runs or while none does."""

    def __init__(
        self,
        settings: Settings,
        *,
        states: ConnectionStates,
        dead_letters: DeadLetters,
        history: History,
        registry: Registry,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._states = states
        self._dead_letters = dead_letters
        self._history = history
        self._registry = registry
        self._clock = clock

    def pause(self, connection: ConnectionName, *, by: str, why: str) -> ConnectionState:
        """Send nothing more through a connection; what is in the air is still settled."""
        now = self._clock.now()
        return self._states.change(
            connection,
            lambda state: paused(state, PauseReason.OPERATOR, why, now=now, by=by),
            by=by,
        )

    def resume(self, connection: ConnectionName, *, by: str) -> ConnectionState:
        """Lift a pause, or else a hold (`domain.breaker.resumed`)."""
        now = self._clock.now()
        return self._states.change(connection, lambda state: resumed(state, now=now), by=by)

    def lift_own_pauses(self, connections: Iterable[ConnectionName]) -> None:
        """Give connections that petiole itself paused one trial, and count used-up quotas anew."""
        now = self._clock.now()

        def tried_again(state: ConnectionState) -> ConnectionState:
            is_ours = state.paused and state.paused is not PauseReason.OPERATOR
            return resumed(state, now=now) if is_ours else quota_lifted(state)

        for name in connections:
            self._states.change(name, tried_again)

    def letters(self, selection: LetterSelection, *, limit: int) -> Sequence[DeadLetter]:
        """List dead or parked messages, the newest first."""
        return self._dead_letters.letters(selection, limit=limit)

    def groups(self, selection: LetterSelection) -> Sequence[LetterGroup]:
        """Count them by connection and cause."""
        return self._dead_letters.groups(selection)

    def hint(self, letter: DeadLetter | LetterGroup) -> str:
        """Tell in plain words what is the matter and what helps, or nothing."""
        return hint(
            self._settings,
            self._registry,
            letter.connection,
            code=letter.code,
            reason=letter.reason,
        )

    def edit(self, letter: MessageId, fields: Fields, *, by: str) -> bool:
        """Lay fields over those of a dead message, for when it is sent again."""
        return self._dead_letters.edit(letter, fields, by=by)

    def decide(self, selection: LetterSelection, decision: Decision, *, by: str) -> Decided:
        """Carry out a decision on all that are selected, in small steps."""
        moved, superseded = 0, 0
        after: MessageId | None = None
        while True:
            step = self._dead_letters.decide(selection, decision, by=by, after=after)
            moved, superseded = moved + step.moved, superseded + step.superseded
            after = step.after
            if after is None:
                return Decided(moved=moved, superseded=superseded)

    def life(self, connection: ConnectionName, raw: str) -> Sequence[Happening]:
        """Tell what happened to one profile, named by an address, a hash or a customer id.

        Raises:
            IdentifierRefused: that names nobody.
        """
        name, settings = self._settings.connection(connection)
        identifier = Identifier.of(settings.identifier, raw)
        return self._history.life(settings.account_of(name), name, identifier)

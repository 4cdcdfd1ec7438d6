"""A connection that was paused for a wrong secret goes on by itself once the secret has changed."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence

from petiole.core.domain.breaker import ConnectionState, PauseReason, resumed
from petiole.core.domain.change import ConnectionName
from petiole.core.errors import ConfigurationError
from petiole.core.ports.clock import Clock
from petiole.core.ports.connection_states import ConnectionStates
from petiole.hooks import Secret


class SecretWatch:
    """Compares secrets with what they were; keeps only salted digests, and only in memory."""

    def __init__(
        self,
        watched: Mapping[ConnectionName, Sequence[Secret]],
        *,
        states: ConnectionStates,
        clock: Clock,
    ) -> None:
        self._watched = watched
        self._states = states
        self._clock = clock
        self._salt = secrets.token_bytes(16)
        self._marks = {name: self._mark(held) for name, held in watched.items()}

    def look(self) -> bool:
        """Let a paused connection try once more if its secret is another one now.

        Returns:
            whether a connection is left that waits for that.
        """
        waits = False
        for name, held in self._watched.items():
            state = self._states.state(name)
            if state.paused is not PauseReason.CREDENTIALS:
                continue
            mark = self._mark(held)
            if mark == self._marks[name]:
                waits = True
            else:
                self._marks[name] = mark
                self._states.change(name, self._tried_again)
        return waits

    def _tried_again(self, state: ConnectionState) -> ConnectionState:
        is_ours = state.paused is PauseReason.CREDENTIALS
        return resumed(state, now=self._clock.now()) if is_ours else state

    def _mark(self, held: Sequence[Secret]) -> bytes:
        digest = hashlib.blake2b(key=self._salt)
        for secret in held:
            try:
                digest.update(secret.reveal().encode())
            except ConfigurationError:
                digest.update(b"\0missing")
        return digest.digest()

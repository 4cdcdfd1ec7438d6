"""Who calls: HTTP Basic, compared in a time that tells nothing of what was wrong."""

import base64
import binascii
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from petiole.hooks import Secret

MOST_CHARACTERS = 2_000
"""Of the header; nobody's name and password are longer."""

FRESH_SECONDS = 5.0
"""How long a password is remembered: reading a file or a keyring for each call would be slow."""


class Caller(Enum):
    """What is known of one who calls."""

    KNOWN = auto()
    STRANGER = auto()
    """No name was given, or another one."""
    IMPOSTOR = auto()
    """The name is right, the password is not."""


class Doorkeeper:
    """Knows one name and password. May be shared by threads."""

    def __init__(
        self, username: str, password: Secret, *, uptime: Callable[[], float] = time.monotonic
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._username = self._digest(username.encode())
        self._secret = password
        self._uptime = uptime
        self._guard = threading.Lock()
        self._known: tuple[float, bytes] | None = None

    def recognise(self, authorization: str) -> Caller:
        """Judge the header of a call; all that is wrong takes the same way.

        Raises:
            MissingSecret: the password is not where the settings say.
        """
        username, password = _given(authorization)
        # Both are compared, whatever comes of the first.
        right_name = hmac.compare_digest(self._digest(username), self._username)
        right_word = hmac.compare_digest(self._digest(password), self._password())
        if right_name and right_word:
            return Caller.KNOWN
        return Caller.IMPOSTOR if right_name else Caller.STRANGER

    def _password(self) -> bytes:
        with self._guard:
            now = self._uptime()
            if self._known is None or now - self._known[0] >= FRESH_SECONDS:
                self._known = now, self._digest(self._secret.reveal().encode())
            return self._known[1]

    def _digest(self, text: bytes) -> bytes:
        """Make what is compared: of one length, and of no use to anybody."""
        return hmac.digest(self._key, text, "sha256")


def _given(authorization: str) -> tuple[bytes, bytes]:
    """Take the header apart; of one that makes no sense, nothing is left."""
    scheme, _, encoded = authorization[:MOST_CHARACTERS].partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        pair = b""
    if scheme.lower() != "basic":
        pair = b""
    username, _, password = pair.partition(b":")
    return username, password

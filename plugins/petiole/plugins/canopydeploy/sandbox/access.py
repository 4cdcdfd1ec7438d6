"""Who may call: the platform's tokens, and the three ways in which a call carries one."""

import base64
import binascii
import threading
import uuid

from petiole.plugins.canopydeploy.sandbox.exchange import Request

HIDDEN = "(token)"


class Access:
    """The tokens that the platform knows; an inactive one stands for an idle account.

    Documented by the vendor: a token whose account is inactive is answered 401.
    """

    def __init__(self, token: str) -> None:
        self._guard = threading.Lock()
        self._tokens = {token: True}

    def set(self, token: str, *, active: bool) -> None:
        """Make a token, or change whether it works."""
        with self._guard:
            self._tokens[token] = active

    def knows(self, token: str) -> bool:
        """Tell whether a token works."""
        with self._guard:
            return self._tokens.get(token, False)

    def admits(self, request: Request) -> bool:
        """Tell whether a call carries a token that works."""
        token = carried(request)
        return token is not None and self.knows(token)

    def cleaned(self, text: str) -> str:
        """Return a text without any token that the platform knows."""
        with self._guard:
            for token in self._tokens:
                text = text.replace(token, HIDDEN)
        return text

    def shown(self) -> dict[str, int]:
        """Return how many tokens work and how many do not; never the tokens."""
        with self._guard:
            active = sum(self._tokens.values())
            return {"active": active, "inactive": len(self._tokens) - active}


def carried(request: Request) -> str | None:
    """Return the token that a call carries.

    Documented by the vendor: Bearer, Basic with the token as password, and `?token=`. That the
    header goes before the query is assumed.
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip()
        case "basic":
            return _password(credentials)
        case _:
            return request.query.get("token")


def fresh_token() -> str:
    """Return a random token in the layout of the platform's own."""
    return str(uuid.uuid4())


def _password(credentials: str) -> str | None:
    try:
        pair = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return pair.partition(":")[2]

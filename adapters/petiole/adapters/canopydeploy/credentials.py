"""How a call proves who sends it, added to a twin of the request that nobody else sees.

httpx puts the whole address into exceptions: a token in the query would be there, too.
"""

import base64
from contextlib import suppress
from typing import Literal, Protocol
from urllib.parse import quote

import httpx

from petiole.core.errors import ConfigurationError, InvalidCredentials
from petiole.hooks import Secret

INVALID = "Invalid credentials"


class Proof(Protocol):
    """Whatever proves who sends a call."""

    def added_to(self, request: httpx.Request) -> httpx.Request:
        """Return a twin of the request that carries it.

        Raises:
            InvalidCredentials: it is not there; nothing was sent.
        """
        ...


class Credentials:
    """A token and the way it travels; the token is read anew for every call and kept nowhere."""

    def __init__(
        self, token: Secret, *, auth: Literal["bearer", "basic", "query"], username: str | None
    ) -> None:
        self._secret = token
        self._auth = auth
        self._username = username or ""

    def added_to(self, request: httpx.Request) -> httpx.Request:
        """Return a twin of the request that carries the token.

        Raises:
            InvalidCredentials: the token is not there or cannot travel; nothing was sent.
        """
        token = self.token()
        url = request.url
        headers = request.headers.copy()
        match self._auth:
            case "bearer":
                headers["Authorization"] = f"Bearer {token}"
            case "basic":
                headers["Authorization"] = f"Basic {self._basic(token)}"
            case "query":
                url = url.copy_merge_params({"token": token})
        return twin(request, url, headers)

    def forms(self) -> set[str]:
        """Return every form in which the token may show up in somebody's words, for hiding it."""
        with suppress(InvalidCredentials):
            token = self.token()
            return {token, quote(token), quote(token, safe=""), self._basic(token)}
        return set()

    def _basic(self, token: str) -> str:
        return base64.b64encode(f"{self._username}:{token}".encode()).decode()

    def token(self) -> str:
        """Read the token.

        Raises:
            InvalidCredentials: it is not there, or no token looks like that.
        """
        try:
            token = self._secret.reveal()
        except ConfigurationError as error:
            raise InvalidCredentials(str(error), code=INVALID) from error
        # httpx would put the value into the error that it raises for such a header.
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InvalidCredentials(
                f"the secret {self._secret} holds characters that no token has, "
                "such as a line break; store the token and nothing else",
                code=INVALID,
            )
        return token


def twin(request: httpx.Request, url: httpx.URL, headers: httpx.Headers) -> httpx.Request:
    """Return the request with another address and other headers."""
    return httpx.Request(
        request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
    )

"""OAuth 2.0: access tokens for the client that the portal's app made.

Documented by the vendor: client credentials, the client by HTTP Basic, a form as the body, the
scope. Errors as RFC 6749 has them, sections 4.4 and 5.2. Assumed: how long a token lives, and that
only the one scope exists.
"""

import base64
import binascii
import hmac
import secrets
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote_plus

from petiole.plugins.canopydeploy.sandbox.exchange import (
    NO_HEADERS,
    Answer,
    Refusal,
    Request,
    json_answer,
)
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNT = "/oauth2/token"

SCOPE = "analytics.events:read"

FORM = "application/x-www-form-urlencoded"

UNSTORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who may ask for tokens; random unless told."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class OAuthRefusal(Exception):
    """No token is given; `answer` says why."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        asks = {"WWW-Authenticate": 'Basic realm="oauth2"'}
        self.answer = json_answer(
            {"error": error, "error_description": description},
            status=status,
            headers={**UNSTORED, **(asks if status == HTTPStatus.UNAUTHORIZED else NO_HEADERS)},
        )


class OAuth:
    """Gives tokens to a client, and knows them as long as they live."""

    def __init__(
        self, client: Client, *, now: Callable[[], datetime], settings: Callable[[], Settings]
    ) -> None:
        self._client = client
        self._now = now
        self._settings = settings
        self._guard = threading.Lock()
        self._ends: dict[str, datetime] = {}

    def answer(self, request: Request) -> Answer:
        """Answer a call for a token.

        Raises:
            Refusal: It is no POST.
        """
        if request.path != MOUNT:
            raise Refusal(HTTPStatus.NOT_FOUND, "nothing lives at this address")
        if request.method != "POST":
            allow = {"Allow": "POST"}
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "POST only", headers=allow)
        try:
            self._authenticate(request)
            _check(request)
        except OAuthRefusal as refusal:
            return refusal.answer
        seconds = self._settings().oauth_expires_in
        content = {
            "access_token": self._made(seconds),
            "token_type": "Bearer",
            "expires_in": seconds,
            "scope": SCOPE,
        }
        return json_answer(content, headers=UNSTORED)

    def admits(self, request: Request) -> bool:
        """Tell whether a call carries a token that still lives."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._guard:
            ends = self._ends.get(token.strip())
        return scheme.lower() == "bearer" and ends is not None and self._now() < ends

    def _made(self, seconds: int) -> str:
        token, now = secrets.token_urlsafe(32), self._now()
        with self._guard:
            self._ends = {each: ends for each, ends in self._ends.items() if now < ends}
            self._ends[token] = now + timedelta(seconds=seconds)
        return token

    def _authenticate(self, request: Request) -> None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        name, _, secret = pair.partition(":")
        given = (unquote_plus(name).encode(), unquote_plus(secret).encode())
        known = (self._client.id.encode(), self._client.secret.encode())
        if scheme.lower() != "basic" or not all(map(hmac.compare_digest, given, known)):
            message = "the client is unknown, or its secret is wrong"
            raise OAuthRefusal("invalid_client", message, status=HTTPStatus.UNAUTHORIZED)


def _check(request: Request) -> None:
    """Refuse a form that asks for something else."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != FORM:
        raise OAuthRefusal("invalid_request", f"the body must be a form: {FORM}")
    form = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    names = [name for name, _ in form]
    if len(set(names)) < len(names):
        raise OAuthRefusal("invalid_request", "a parameter is there twice")
    asked = dict(form)
    if not asked.get("grant_type"):
        raise OAuthRefusal("invalid_request", "grant_type is missing")
    if asked["grant_type"] != "client_credentials":
        raise OAuthRefusal("unsupported_grant_type", "grant_type must be client_credentials")
    if set(asked.get("scope", SCOPE).split()) != {SCOPE}:
        raise OAuthRefusal("invalid_scope", f"scope must be {SCOPE}")

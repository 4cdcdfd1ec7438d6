"""Access tokens by OAuth 2.0, client credentials: RFC 6749, 4.4.

Documented by the vendor: the grant, the scope, the client by HTTP Basic, a form as the body.
"""

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote_plus, urlencode

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.credentials import INVALID, Credentials, twin
from petiole.adapters.canopydeploy.discretion import cleaned
from petiole.adapters.canopydeploy.faults import of_answer, of_exception
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.errors import Ambiguous, InvalidCredentials
from petiole.hooks import Secret

FORM: Mapping[str, str] = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}

USUAL_SECONDS = 300
"""How long a token lives that does not say so. Assumed."""
MARGIN_SECONDS = 30
"""How long before its end a token is not used any more; of a short life, a tenth."""

_TOKEN = re.compile(r"[!-~]+")
_CLIENT_REFUSED = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_grant", "invalid_scope", "access_denied"}
)
"""RFC 6749, 5.2: a person must change something."""


class Client:
    """An id and its secret, as a token is asked for with."""

    def __init__(self, client_id: str, secret: Secret) -> None:
        self._id = client_id
        self._credentials = Credentials(secret, auth="basic", username=client_id)

    def added_to(self, request: httpx.Request) -> httpx.Request:
        """Add them. RFC 6749, 2.3.1: both are written as in a form before they are joined."""
        headers = request.headers.copy()
        headers["Authorization"] = f"Basic {self._pair(self._credentials.token())}"
        return twin(request, request.url, headers)

    def forms(self) -> set[str]:
        """Return every form in which the secret may show up in somebody's words."""
        with suppress(InvalidCredentials):
            secret = self._credentials.token()
            return {*self._credentials.forms(), quote_plus(secret), self._pair(secret)}
        return set()

    def _pair(self, secret: str) -> str:
        return base64.b64encode(f"{quote_plus(self._id)}:{quote_plus(secret)}".encode()).decode()


class AccessTokens:
    """Gets a token, and keeps it in memory until shortly before its end. Threads may share it."""

    def __init__(
        self,
        poster: Poster,
        client: Client,
        *,
        scope: str,
        uptime: Callable[[], float] = time.monotonic,
    ) -> None:
        self._poster = poster
        self._client = client
        self._form = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
        self._uptime = uptime
        self._guard = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def added_to(self, request: httpx.Request) -> httpx.Request:
        """Add the token; gets one if there is none.

        Raises:
            DeliveryError: there is none to be had.
        """
        headers = request.headers.copy()
        headers["Authorization"] = f"Bearer {self._current()}"
        return twin(request, request.url, headers)

    def forget(self) -> None:
        """Get another one for the next call."""
        with self._guard:
            self._ends = 0.0

    def clean(self, text: str) -> str:
        """Take the client's secret and the token out of somebody's words."""
        token = self._token
        return cleaned(text, secrets={*self._client.forms(), *([token] if token else [])})

    def _current(self) -> str:
        with self._guard:
            if not self._token or self._uptime() >= self._ends:
                asked_at = self._uptime()
                self._token, seconds = self._asked()
                self._ends = asked_at + seconds - min(MARGIN_SECONDS, seconds / 10)
            return self._token

    def _asked(self) -> tuple[str, float]:
        try:
            answer = self._poster.post(self._form)
        except httpx.TransportError as error:
            raise of_exception(error, host=self._poster.host, clean=self.clean) from error
        document = _document(answer)
        if not answer.accepted:
            reason = document.get("error")
            if isinstance(reason, str) and reason in _CLIENT_REFUSED:
                raise InvalidCredentials(
                    f"the platform gives no access token: {reason}; "
                    "look at `analytics.client_id` and `.client_secret`",
                    code=INVALID,
                )
            raise of_answer(
                answer,
                quota=None,
                now=datetime.now(UTC),
                clean=self.clean,
                address="analytics.token_url",
            )
        token = document.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Ambiguous("the platform's answer holds no access token")
        match document.get("expires_in"):
            case int(seconds) | float(seconds) if seconds > 0:
                return token, float(seconds)
            case _:
                return token, USUAL_SECONDS


def _document(answer: Answer) -> Mapping[str, object]:
    try:
        document: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}

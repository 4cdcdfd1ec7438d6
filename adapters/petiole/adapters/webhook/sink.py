"""Engagements by signed calls, in order: the next call is made when the one before was taken."""

import functools
import hashlib
from base64 import b64decode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ssl import SSLContext

import httpx
from standardwebhooks import Webhook

from petiole.adapters.webhook.deadline import within
from petiole.core.domain.engagement import StoredEngagement
from petiole.core.errors import EndpointRefused, InvalidSettings, Throttled, Transient
from petiole.core.ports.clock import Clock

MOST_PER_CALL = 100
TYPE = "petiole.engagements"

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""Standard Webhooks: how long a symmetric key is."""


class WebhookEngagementSink:
    """Satisfies `EngagementSink`.

    The id of a call is made of what it holds: the same engagements have the same id whenever they
    come. After a crash some may come again in another call; each engagement has an id of its own.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: Callable[[], str],
        encode: Callable[[StoredEngagement], str],
        clock: Clock,
        timeout: timedelta,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Take where and how to send.

        Args:
            url: where to.
            secret: reads what signs, anew for each call: `whsec_` and Base64.
            encode: writes an engagement as a JSON object.
            clock: tells when a call is signed.
            timeout: for a call as a whole.
            transport: what carries the calls; the network, unless a test says otherwise.
        """
        self._url = url
        self._secret = secret
        self._encode = encode
        self._clock = clock
        self._timeout = timeout
        self._transport = transport
        self._taken = 0

    def forward(self, engagements: Sequence[StoredEngagement]) -> None:
        """Post some; what an earlier call of a failed try took is not posted again.

        Raises:
            EndpointRefused: it is gone (410) and wants no more.
            Throttled: it asks to come again later.
            Transient: it did not take them, whatever it answered.
            InvalidSettings: the secret cannot sign.
        """
        fresh = [one for one in engagements if one.id > self._taken]
        for start in range(0, len(fresh), MOST_PER_CALL):
            some = fresh[start : start + MOST_PER_CALL]
            self._post(some)
            self._taken = some[-1].id

    def _post(self, engagements: Sequence[StoredEngagement]) -> None:
        now = self._clock.now()
        told = ",".join(map(self._encode, engagements))
        body = (
            f'{{"type":"{TYPE}","timestamp":"{_written(now)}","data":{{"engagements":[{told}]}}}}'
        )
        id_ = f"eng_{hashlib.sha256(told.encode()).hexdigest()[:32]}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "petiole",
            "webhook-id": id_,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": _signer(self._secret()).sign(id_, now, body),
        }
        answer = self._answer(body.encode(), headers)
        if answer.is_success:
            return
        said = f"the webhook answered {answer.status_code}"
        if answer.status_code == HTTPStatus.GONE:
            raise EndpointRefused(f"{said}: it takes no more", code=str(answer.status_code))
        if wait := _retry_after(answer, now):
            raise Throttled(said, code=str(answer.status_code), retry_after=wait)
        raise Transient(said, code=str(answer.status_code))

    def _answer(self, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """Call, and read no more of the answer than its head."""
        seconds = self._timeout.total_seconds()
        transport = self._transport or httpx.HTTPTransport(verify=_tls())
        client = httpx.Client(transport=transport, timeout=seconds, trust_env=False)

        def call() -> httpx.Response:
            with client.stream("POST", self._url, content=body, headers=headers) as answer:
                return answer

        try:
            return within(seconds, call, client.close)
        except (httpx.HTTPError, OSError, RuntimeError) as error:
            raise Transient(f"the webhook did not answer: {type(error).__name__}") from error
        finally:
            client.close()


@functools.cache
def _tls() -> SSLContext:
    """Return the one TLS context: building one takes 20 ms, and it may be shared."""
    return httpx.create_ssl_context(trust_env=False)


def _signer(secret: str) -> Webhook:
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise InvalidSettings(
            "the secret of the webhook must be whsec_ and 24 to 64 bytes in Base64"
        )
    return Webhook(key)


def _retry_after(answer: httpx.Response, now: datetime) -> timedelta | None:
    """Read when to come again, told in seconds or as a date."""
    told = answer.headers.get("Retry-After", "").strip()
    try:
        if told.isascii() and told.isdecimal():
            return timedelta(seconds=int(told[:9]))
        return max(parsedate_to_datetime(told) - now, timedelta()) if told else None
    except (TypeError, ValueError):
        return None


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

"""What a failed call means: httpx exceptions and HTTP statuses become the errors of the core.

Doubtful cases fall on the side on which nothing is lost silently: what may have been applied is
`Ambiguous`, so that the connection's policy decides; what only a person can mend pauses the
connection and buries nothing. Only three statuses blame the content, since blame may bury.
"""

import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import CREDENTIALS, NO_CONNECTION, OTHER, TIMEOUT
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    MalformedRequest,
    Throttled,
    Timeout,
    Unavailable,
)

COUNT_HEADER = "X-Clang-Request-Count"
ERROR_HEADERS = ("X-Deployteq-API-Error", "X-Clang-API-Error")
"""Documented for the Data Model API; the older name is assumed."""

LONGEST_WAIT = timedelta(days=1)
NEW_DAY = timedelta(hours=2)
NEW_DAY_WAIT = timedelta(minutes=10)
MAX_ERROR_BYTES = 64 * 1024

_SURELY_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_LOGIN = re.compile(r"\b(?:log-?in|sign-?in|log-?on|sso|auth\w*|saml\w*)\b", re.IGNORECASE)

_WORDS = {
    401: "the platform refused the token, or the account of the token is inactive",
    403: "the token is not allowed to do this",
    404: "the platform knows nothing at this address",
    405: "the address does not take this kind of call",
    407: "a proxy on the way asks for credentials",
    408: "the platform gave up waiting for the call",
    410: "what was at this address is gone",
    413: "the call is too large for the platform",
    415: "the address does not take this kind of content",
    500: "the platform failed inside",
    502: "a gateway lost the platform's answer",
    503: "the platform cannot serve now",
    504: "a gateway gave up waiting for the platform's answer",
}
_KINDS: dict[int, type[DeliveryError]] = {
    400: MalformedRequest,
    401: InvalidCredentials,
    403: InvalidCredentials,
    408: Ambiguous,
    409: Unavailable,  # a conflict, a lock, too early: passing troubles although 4xx
    413: MalformedRequest,
    422: MalformedRequest,
    423: Unavailable,
    425: Unavailable,
    502: Ambiguous,  # those behind the gateway may have got the call, and applied it
    504: Ambiguous,
}
"""Any other is `Unavailable` from 500 on, else `EndpointRefused`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """The platform's daily count of calls. `zone` is where its day begins."""

    daily_calls: int
    zone: ZoneInfo


def of_exception(
    error: httpx.TransportError, *, host: str, clean: Callable[[str], str]
) -> DeliveryError:
    """Translate a call that got no answer, or only a part of one."""
    if reason := _bad_certificate(error):
        return EndpointRefused(f"the certificate of {host} is not valid: {reason}", code=OTHER)
    told = clean(str(error)) or type(error).__name__
    if isinstance(error, _SURELY_NOT_SENT):
        return Timeout(f"{NO_CONNECTION} {host}: {told}", code=TIMEOUT)
    code = TIMEOUT if isinstance(error, httpx.TimeoutException) else OTHER
    return Ambiguous(f"sent to {host}, but no whole answer came: {told}", code=code)


def of_answer(
    answer: Answer,
    *,
    quota: Quota | None,
    now: datetime,
    clean: Callable[[str], str],
    address: str = "endpoint",
) -> DeliveryError:
    """Translate an answer whose status is no yes.

    Args:
        answer: any status but 2xx.
        quota: tells a used-up day from a call rate that was too high; not every interface has one.
        now: for waits that end at a moment.
        clean: takes secrets and personal data out of the platform's words.
        address: the setting that holds the address.
    """
    status = answer.status
    if httpx.codes.is_redirect(status):
        return _redirected(answer, address)
    own_code, reason = _told(answer, clean)
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return _throttled(answer, reason, quota=quota, now=now)
    by_class = Unavailable if httpx.codes.is_server_error(status) else EndpointRefused
    kind = _KINDS.get(status, by_class)
    wait = retry_after(answer, now) if kind is Unavailable else None
    if wait is not None:
        return Throttled(reason, code=own_code, retry_after=wait)
    code = CREDENTIALS if kind is InvalidCredentials else own_code
    blames = issubclass(kind, MalformedRequest | EndpointRefused)
    if not blames and code != str(status) and str(status) not in reason:
        reason = f"answered {status}: {reason}"
    return kind(reason, code=code)


def retry_after(answer: Answer, now: datetime) -> timedelta | None:
    """Read `Retry-After`, in seconds or as a date: at most a day, and `None` for nonsense."""
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[:9]) if len(text) <= 9 else 10**9  # noqa: PLR2004 - 30 years
        return min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta()), LONGEST_WAIT)


def _throttled(answer: Answer, reason: str, *, quota: Quota | None, now: datetime) -> Throttled:
    count = answer.headers.get(COUNT_HEADER, "").strip()
    if quota and count.isdecimal() and int(count[:18]) >= quota.daily_calls:
        return Throttled(
            f"the platform's {quota.daily_calls} calls of this day are used up",
            retry_after=until_next_day(now, quota.zone),
        )
    return Throttled(reason, retry_after=retry_after(answer, now))


def until_next_day(now: datetime, zone: ZoneInfo) -> timedelta:
    """Tell how long the day that the platform counts goes on.

    Early in the day the answer is ten minutes: most likely our clock is ahead of the platform's, or
    the assumed zone is wrong, and nobody should wait 24 hours for that.
    """
    today = now.astimezone(zone).date()
    began = datetime.combine(today, time(), zone).astimezone(UTC)
    if now - began < NEW_DAY:
        return NEW_DAY_WAIT
    return datetime.combine(today + timedelta(days=1), time(), zone).astimezone(UTC) - now


def _target(answer: Answer) -> SplitResult:
    try:
        return urlsplit(answer.headers.get("Location", ""))
    except ValueError:
        return urlsplit("")


def _redirected(answer: Answer, address: str) -> DeliveryError:
    target = _target(answer)
    if _LOGIN.search(target.path):
        return InvalidCredentials(
            "the platform sent the call to a login page; the token does not work",
            code=CREDENTIALS,
        )
    # Only the host is told: the rest of the address may carry anything.
    elsewhere = f" to {target.hostname}" if target.hostname else ""
    return EndpointRefused(
        f"the address redirects{elsewhere}, and profiles are not sent after a redirect; "
        f"set `{address}` to the final address",
        code=str(answer.status),
    )


def _told(answer: Answer, clean: Callable[[str], str]) -> tuple[str, str]:
    """Return the code and the words of the platform, or else our own."""
    said = next((answer.headers[name] for name in ERROR_HEADERS if answer.headers.get(name)), "")
    code, message = _from_body(answer)
    words = clean(said or message) or _WORDS.get(answer.status)
    return clean(code) or str(answer.status), words or f"the platform answered {answer.status}"


def _from_body(answer: Answer) -> tuple[str, str]:
    """Read `{"error": {"code": …, "message": …}}`. Assumed; nothing else is taken out of a body."""
    if len(answer.body) > MAX_ERROR_BYTES or not answer.body.lstrip().startswith(b"{"):
        return "", ""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "", ""
    match document.get("error"):
        case {"message": str(message), **rest}:
            code = rest.get("code")
            return str(code) if isinstance(code, int | str) else "", message
        case str(message):
            return "", message
        case _:
            return "", ""


def _bad_certificate(error: BaseException | None) -> str | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        error = error.__cause__ or error.__context__
    return None

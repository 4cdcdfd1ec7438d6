"""The door of the Analytics Events API: pages of events, for who holds a token.

Documented by the vendor: the address, the filters by date, `limit`, `offset`, and the shape of the
answer. Seen in a public client: `filter[metric]`, Bearer. Assumed: the size of a page; that both
days are whole ones of Amsterdam and inside the span, and must be there; the order, which is by
moment and then by number, so that events that come late move those behind them.
"""

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime, time, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from petiole.plugins.canopydeploy.sandbox.analytics.metric import Metric, Rows
from petiole.plugins.canopydeploy.sandbox.analytics.record import record
from petiole.plugins.canopydeploy.sandbox.clock import AMSTERDAM
from petiole.plugins.canopydeploy.sandbox.crm import Crm
from petiole.plugins.canopydeploy.sandbox.exchange import (
    Answer,
    Note,
    Refusal,
    Request,
    json_answer,
)
from petiole.plugins.canopydeploy.sandbox.identity import Identities
from petiole.plugins.canopydeploy.sandbox.settings import Settings

MOUNT = "/analytics-events/events"

FROM, TO, METRIC = "filter[date_from]", "filter[date_to]", "filter[metric]"

KNOWN = frozenset({FROM, TO, METRIC, "limit", "offset"})

LONGEST_NUMBER = 9
"""Digits of a `limit` or an `offset`."""

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


class AnalyticsApi:
    """Answers calls for events."""

    def __init__(
        self,
        *,
        admits: Callable[[Request], bool],
        crm: Crm,
        identities: Callable[[], Identities],
        now: Callable[[], datetime],
        settings: Callable[[], Settings],
    ) -> None:
        self._admits = admits
        self._identities = identities
        self._now = now
        self._settings = settings
        self._rows = Rows(crm)
        self._guard = threading.Lock()
        self._calls: deque[datetime] = deque()

    def answer(self, request: Request) -> Answer:
        """Answer one call.

        Raises:
            Refusal: The call is none that makes sense, or has no right to an answer.
        """
        if request.path.rstrip("/") != MOUNT:
            raise Refusal(HTTPStatus.NOT_FOUND, "nothing lives at this address")
        if request.method != "GET":
            allow = {"Allow": "GET"}
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "GET only", headers=allow)
        if not self._admits(request):
            asks = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            message = "the access token is missing, unknown or expired"
            raise Refusal(HTTPStatus.UNAUTHORIZED, message, headers=asks)
        self._count()
        return self._page(request)

    def _count(self) -> None:
        """Refuse a call beyond what a minute may see."""
        most, now = self._settings().analytics_calls_per_minute, self._now()
        with self._guard:
            while self._calls and now - self._calls[0] >= A_MINUTE:
                self._calls.popleft()
            if not most or len(self._calls) < most:
                self._calls.append(now)
                return
            seconds = (self._calls[0] + A_MINUTE - now).total_seconds()
        waits = {"Retry-After": str(max(1, round(seconds)))}
        raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many calls in a minute", headers=waits)

    def _page(self, request: Request) -> Answer:
        settings = self._settings()
        if unknown := sorted(set(request.query) - KNOWN):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"there is no parameter {unknown[0]}")
        limit = _number(request, "limit", settings.analytics_page, least=1)
        limit = min(limit, settings.analytics_page_most)
        offset = _number(request, "offset", 0)
        rows = self._rows.between(
            _day(request, FROM), _day(request, TO, later=A_DAY), metric=_metric(request)
        )
        identities = self._identities()
        data = [
            record(row, identities=identities, settings=settings)
            for row in rows[offset : offset + limit]
        ]
        links = {"current": _link(request, limit=limit, offset=offset)}
        if offset + limit < len(rows):
            links["next"] = _link(request, limit=limit, offset=offset + limit)
        content = {"total_count": len(rows), "_links": links, "data": data}
        return json_answer(content, note=Note(records=len(data)))


def _metric(request: Request) -> Metric | None:
    if METRIC not in request.query:
        return None
    try:
        return Metric(request.query[METRIC])
    except ValueError:
        known = ", ".join(Metric)
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{METRIC} must be one of {known}") from None


def _day(request: Request, name: str, *, later: timedelta = timedelta()) -> datetime:
    """Read a day as the moment at which it begins in Amsterdam, or a later one."""
    try:
        day = datetime.strptime(request.query.get(name, ""), "%Y-%m-%d").date() + later  # noqa: DTZ007 - a day has no zone
    except (ValueError, OverflowError):
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be a day: YYYY-MM-DD") from None
    return datetime.combine(day, time(), tzinfo=AMSTERDAM)


def _number(request: Request, name: str, default: int, *, least: int = 0) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()) or len(text) > LONGEST_NUMBER or int(text) < least:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} must be a number from {least}")
    return int(text)


def _link(request: Request, **page: int) -> str:
    query = {**request.query, **{name: str(number) for name, number in page.items()}}
    return f"http://{request.host}{MOUNT}?{urlencode(query)}"

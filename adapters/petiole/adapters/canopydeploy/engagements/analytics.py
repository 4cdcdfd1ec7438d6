"""Engagements from the Analytics Events API: metric by metric, page by page.

Documented: the address, the filters by day, `limit` and `offset`, and the shape of an answer. Seen
in a public client: `filter[metric]`, Bearer. Assumed: events are in the order of their time, so
that those that come late move the ones behind them; and no event is later than `look_back`.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import httpx

from petiole.adapters.canopydeploy.account import AccountSettings
from petiole.adapters.canopydeploy.engagements.checkpoint import EventPlace
from petiole.adapters.canopydeploy.engagements.event import ORIGIN, EventReader
from petiole.adapters.canopydeploy.engagements.eventsapi import EventsApi
from petiole.adapters.canopydeploy.engagements.identity import Identity
from petiole.adapters.canopydeploy.engagements.interaction import Unreadable
from petiole.adapters.canopydeploy.engagements.oauth import FORM, AccessTokens, Client
from petiole.adapters.canopydeploy.feedback import AnalyticsSettings
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.domain.engagement import (
    Engagement,
    EngagementKind,
    Origin,
    RefusedEngagement,
)
from petiole.core.errors import InvalidSettings
from petiole.core.ports.engagement_source import EngagementPage
from petiole.hooks import AdapterContext

A_DAY = timedelta(days=1)
SPAN = timedelta(days=7)
"""Fetched at once. Each span ends with the day on which the next one begins, since it is not known
whether the platform takes its last day for one inside it."""
ZONE_AHEAD = timedelta(hours=14)
"""The most that any zone is from UTC: the platform's days are in one that is not known."""

ACCEPT: Mapping[str, str] = {"Accept": "application/json"}


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AnalyticsSource:
    """Satisfies `EngagementSource`. For one thread at a time."""

    def __init__(
        self,
        api: EventsApi,
        reader: EventReader,
        *,
        settings: AnalyticsSettings,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._api = api
        self._reader = reader
        self._kinds: Mapping[str, EngagementKind] = settings.metrics.kinds()
        self._page_size = settings.page_size
        self._look_back = timedelta(days=math.ceil(settings.look_back / A_DAY))
        self._now = now

    @property
    def origin(self) -> Origin:
        """Tell what this way is called."""
        return ORIGIN

    def pull(self, checkpoint: str | None, *, since: datetime) -> Iterator[EngagementPage]:
        """Fetch the events of each metric since a moment, some days at a time.

        After a pull that came to its end, the last days are fetched again, since events may have
        come late. A checkpoint that is not ours counts for none.

        Raises:
            DeliveryError: as the port tells.
        """
        today = (self._now() + ZONE_AHEAD).date()
        place = self._begun(checkpoint, since, today)
        while place.day + SPAN <= today:
            yield from self._of_span(place, place.day + SPAN)
            place = EventPlace(day=place.day + SPAN)
            yield EngagementPage(engagements=(), checkpoint=str(place))
        yield from self._of_span(place, today + A_DAY)
        yield EngagementPage(engagements=(), checkpoint=str(EventPlace(day=today, done=True)))

    def _begun(self, checkpoint: str | None, since: datetime, today: date) -> EventPlace:
        place = EventPlace.read(checkpoint)
        if place is None:
            return EventPlace(day=min((since.astimezone(UTC) - ZONE_AHEAD).date(), today))
        if place.done or place.day > today:
            # The day that was done may not even have begun where the platform is.
            return EventPlace(day=min(place.day, today) - A_DAY - self._look_back)
        return place

    def _of_span(self, place: EventPlace, last: date) -> Iterator[EngagementPage]:
        metrics = list(self._kinds)
        first = metrics.index(place.metric) if place.metric in metrics else 0
        offset = place.offset if place.metric in metrics else 0
        for metric in metrics[first:]:
            query: Mapping[str, str] | None = {
                "filter[date_from]": str(place.day),
                "filter[date_to]": str(last),
                "filter[metric]": metric,
                "limit": str(self._page_size),
                "offset": str(offset),
            }
            while query is not None:
                events, query = self._api.page(query)
                offset = _offset(query, offset + len(events))
                reached = EventPlace(day=place.day, metric=metric, offset=offset)
                if events:
                    yield self._page(events, self._kinds[metric], reached)
            offset = 0

    def _page(
        self, events: Sequence[object], kind: EngagementKind, place: EventPlace
    ) -> EngagementPage:
        engagements: list[Engagement] = []
        refused: list[RefusedEngagement] = []
        for event in events:
            try:
                engagement = self._reader.read(event, kind)
            except Unreadable as error:
                refused.append(self._reader.refused(event, str(error), received_at=self._now()))
            else:
                if engagement is not None:
                    engagements.append(engagement)
        return EngagementPage(engagements=engagements, checkpoint=str(place), refused=refused)


@contextmanager
def open_analytics(
    context: AdapterContext[AccountSettings],
    *,
    transport: httpx.BaseTransport | None = None,
    now: Callable[[], datetime] = _utc_now,
) -> Iterator[AnalyticsSource]:
    """Open the source of one connection; nothing is asked before the first pull.

    Args:
        context: the connection.
        transport: the wire seam. What stands here receives every call, with the token or the
            client's secret in it, instead of the network, and is not closed.
        now: where the time comes from.

    Raises:
        InvalidSettings: the connection has no table `analytics`, or an identity that does not fit.
        MissingSecret: the client's secret is not where the settings say.
    """
    settings = context.settings.analytics
    if settings is None:
        raise InvalidSettings(
            f"connections.{context.connection}: to fetch engagements from the Analytics Events "
            "API, tell in a table `analytics` its client_id and client_secret"
        )
    identity = Identity(context.identifier, settings.identity)
    settings.client_secret.reveal()
    client = Client(settings.client_id, settings.client_secret)
    seconds = settings.timeout.total_seconds()
    with Poster(
        settings.token_url, client, timeout_seconds=seconds, headers=FORM, transport=transport
    ) as token_poster:
        tokens = AccessTokens(token_poster, client, scope=settings.scope)
        with Poster(
            settings.events_url,
            tokens,
            timeout_seconds=seconds,
            headers=ACCEPT,
            transport=transport,
        ) as poster:
            yield AnalyticsSource(
                EventsApi(poster, tokens),
                EventReader(connection=context.connection, identity=identity),
                settings=settings,
                now=now,
            )


def _offset(query: Mapping[str, str] | None, counted: int) -> int:
    """Tell where the next page begins: as its address says, else by counting."""
    told = (query or {}).get("offset", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else counted  # noqa: PLR2004 - digits

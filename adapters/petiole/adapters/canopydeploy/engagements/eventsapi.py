"""The Analytics Events API: pages of events, each of which leads to the next."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

import httpx

from petiole.adapters.canopydeploy.answer import Answer
from petiole.adapters.canopydeploy.codes import OTHER
from petiole.adapters.canopydeploy.engagements.oauth import AccessTokens
from petiole.adapters.canopydeploy.faults import of_answer, of_exception
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.errors import Ambiguous, EndpointRefused


class EventsApi:
    """Asks for pages of events; a token that is refused is replaced once."""

    def __init__(self, poster: Poster, tokens: AccessTokens) -> None:
        self._poster = poster
        self._tokens = tokens

    def page(self, query: Mapping[str, str]) -> tuple[Sequence[object], Mapping[str, str] | None]:
        """Return the events of a page, and the query of the next one if there is one.

        Raises:
            DeliveryError: as `ports.engagement_source` tells.
        """
        answer = self._answer(query)
        if answer.status == httpx.codes.UNAUTHORIZED:
            self._tokens.forget()
            answer = self._answer(query)
        if not answer.accepted:
            raise of_answer(
                answer,
                quota=None,
                now=datetime.now(UTC),
                clean=self._tokens.clean,
                address="analytics.events_url",
            )
        try:
            document: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        events = document.get("data") if isinstance(document, dict) else None
        if not isinstance(document, dict) or not isinstance(events, list):
            raise Ambiguous("the platform's answer is no page of events", code=OTHER)
        following = self._next(document.get("_links"))
        if following is not None and dict(query) == following:
            raise Ambiguous("the platform's next page is the same one again", code=OTHER)
        # Behind a page without any events there is none.
        return events, following if events else None

    def _answer(self, query: Mapping[str, str]) -> Answer:
        try:
            return self._poster.get(query)
        except httpx.TransportError as error:
            raise of_exception(error, host=self._poster.host, clean=self._tokens.clean) from error

    def _next(self, links: object) -> Mapping[str, str] | None:
        """Read the address of the next page: a text, or an object that holds it as `href`."""
        following = links.get("next") if isinstance(links, dict) else None
        if isinstance(following, dict):
            following = following.get("href")
        if not following or not isinstance(following, str):
            return None
        try:
            return _query(following, here=self._poster.address)
        except ValueError:
            raise EndpointRefused(
                "the platform's next page is at another address, where the token is not sent",
                code=OTHER,
            ) from None


def _query(address: str, *, here: str) -> Mapping[str, str]:
    """Read the query of an address; ValueError if a call to it would go elsewhere."""
    there = urlsplit(urljoin(here, address))
    if _place_of(there) != _place_of(urlsplit(here)):
        raise ValueError("elsewhere")
    return dict(parse_qsl(there.query, keep_blank_values=True))


def _place_of(address: SplitResult) -> tuple[str, str | None, int | None, str]:
    """Tell where a call to an address would go."""
    port = address.port or {"https": 443, "http": 80}.get(address.scheme)
    return address.scheme, address.hostname, port, address.path.rstrip("/")

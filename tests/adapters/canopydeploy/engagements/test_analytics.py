"""Pages of events: asked for with a token, followed, and read."""

import itertools
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx
import pytest

from petiole.adapters.canopydeploy.engagements.analytics import open_analytics
from petiole.adapters.canopydeploy.engagements.oauth import AccessTokens, Client
from petiole.adapters.canopydeploy.transport import Poster
from petiole.core.domain.engagement import BounceType, Engagement, EngagementKind, Origin
from petiole.core.domain.identity import Identifier
from petiole.core.errors import (
    Ambiguous,
    DeliveryError,
    EndpointRefused,
    InvalidCredentials,
    InvalidSettings,
    MalformedRequest,
    MissingSecret,
    Throttled,
    Unavailable,
)
from petiole.core.ports.engagement_source import EngagementPage
from petiole.hooks import Secret
from tests.adapters.canopydeploy.engagements.made import (
    CLIENT_ID,
    CLIENT_SECRET,
    CLIENT_VARIABLE,
    CUSTOMER,
    EVENTS_URL,
    HASHED,
    MOMENT,
    SANNE,
    TOKEN_URL,
    analytics,
    context,
)

SINCE = MOMENT
TOKEN_PATH = "/oauth2/token"
METRICS = ["sends", "opens", "clicks", "bounces", "complaints"]


def event(**changes: object) -> dict[str, object]:
    """A click as the API tells it."""
    return {
        "uuid": "5b0d7a52-6f0e-4c55-8a34-1f8f5b1f7a10",
        "metric": "clicks",
        "metric_timestamp": "2026-03-02T09:20:41+01:00",
        "broadcast_event_type": "EMAIL",
        "broadcast_manual_options": {"a": 1},
        "broadcast_metadata": "{}",
        "campaign_id": 4711,
        "brand_id": 20,
        "mailing_type": "CAMPAIGN",
        "content_name": "Spring mail",
        "external_id": "11000",
        "customer_id": 88213,
        "customer_email_address": None,
        "url": "https://www.example.org/lisbon",
        "link_description": "Hero button",
        "machine_generated": False,
        "bounce_type": None,
        **changes,
    }


class Api(httpx.BaseTransport):
    """The platform: gives tokens, and answers for each metric what it was told to."""

    def __init__(self, events: Mapping[str, list[object]] | None = None) -> None:
        self.events = events or {}
        self.tokens = 0
        self.queries: list[dict[str, str]] = []
        self.asked: list[httpx.Request] = []
        self.expires_in: object = 3600
        self.refused: set[str] = set()
        self.answer: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        if spoilt := self.answer(request):
            return spoilt
        if request.url.path == TOKEN_PATH:
            self.tokens += 1
            told = {"access_token": f"token-{self.tokens}", "expires_in": self.expires_in}
            return httpx.Response(200, json=told)
        if request.headers["Authorization"].removeprefix("Bearer ") in self.refused:
            return httpx.Response(401, json={"error": {"code": 401, "message": "expired"}})
        query = dict(request.url.params)
        self.queries.append(query)
        every = self.events.get(query["filter[metric]"], [])
        start, limit = int(query["offset"]), int(query["limit"])
        links = {"current": str(request.url)}
        if start + limit < len(every):
            following = urlencode({**query, "offset": str(start + limit)})
            links["next"] = f"{EVENTS_URL}?{following}"
        part = every[start : start + limit]
        content = {"total_count": len(every), "_links": links, "data": part}
        return httpx.Response(200, content=json.dumps(content))


def pulled(
    api: httpx.BaseTransport,
    checkpoint: str | None = None,
    *,
    since: datetime = SINCE,
    **changes: object,
) -> list[EngagementPage]:
    with analytics(api, **changes) as source:  # type: ignore[arg-type]
        return list(source.pull(checkpoint, since=since))


def found(api: httpx.BaseTransport, **changes: object) -> list[Engagement]:
    return [each for page in pulled(api, None, since=SINCE, **changes) for each in page.engagements]


def refusals(api: httpx.BaseTransport) -> list[str]:
    return [each.reason for page in pulled(api) for each in page.refused]


def answering(status: int, content: object, *, path: str = "", **headers: str) -> Api:
    """A platform that answers some calls alike, and the others as it should."""
    api = Api({"clicks": [event()]})
    body = content if isinstance(content, bytes) else json.dumps(content).encode()

    def answer(request: httpx.Request) -> httpx.Response | None:
        if (request.url.path == TOKEN_PATH) != bool(path):
            return None
        return httpx.Response(status, content=body, headers=headers)

    api.answer = answer
    return api


def test_click_becomes_an_engagement() -> None:
    (told,) = found(Api({"clicks": [event()]}))

    assert told == Engagement(
        connection=told.connection,
        origin=Origin("analytics"),
        identifier=Identifier.customer_id("11000"),
        kind=EngagementKind.CLICK,
        occurred_at=MOMENT,
        event="5b0d7a52-6f0e-4c55-8a34-1f8f5b1f7a10",
        campaign_id="4711",
        brand_id="20",
        mailing_type="CAMPAIGN",
        content_name="Spring mail",
        link_href="https://www.example.org/lisbon",
        link_description="Hero button",
        by_machine=False,
    )


def test_metric_decides_about_the_kind() -> None:
    api = Api({metric: [event(uuid=metric)] for metric in METRICS})

    told = found(api)

    assert [(each.event, each.kind) for each in told] == list(
        zip(METRICS, EngagementKind, strict=True)
    )
    assert [each.kind for each in told if each.link_href] == [EngagementKind.CLICK]


def test_names_of_metrics_can_be_set() -> None:
    api = Api({"deliveries": [event()]})

    (told,) = found(api, metrics={"receive": "deliveries"})

    assert told.kind is EngagementKind.RECEIVE


@pytest.mark.parametrize(
    ("told", "by_machine"),
    [(True, True), (False, False), (1, True), ("0", False), (None, None), ("maybe", None)],
)
def test_scanners_are_marked(told: object, by_machine: bool | None) -> None:  # noqa: FBT001 - drawn
    (opened,) = found(Api({"opens": [event(machine_generated=told)]}))

    assert opened.by_machine is by_machine


@pytest.mark.parametrize(
    ("fields", "bounce"),
    [
        ({"bounce_type": "hard"}, BounceType.HARD),
        ({"bounce_type": "Soft"}, BounceType.SOFT),
        ({"bounce_category": "HARD"}, BounceType.HARD),
        ({"bounce_type": "odd"}, None),
        ({}, None),
    ],
)
def test_bounce_is_hard_or_soft(fields: dict[str, object], bounce: BounceType | None) -> None:
    (told,) = found(Api({"bounces": [event(**fields)]}))

    assert told.bounce is bounce


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:20:41+01:00",
        "2026-03-02T09:20:41+0100",
        "2026-03-02T08:20:41Z",
        "2026-03-02 08:20:41+00:00",
    ],
)
def test_moment_has_an_offset(text: str) -> None:
    (told,) = found(Api({"opens": [event(metric_timestamp=text)]}))

    assert told.occurred_at == MOMENT


def test_everything_but_who_and_when_may_be_null() -> None:
    empty = dict.fromkeys(event())

    (told,) = found(
        Api({"clicks": [empty | {"metric_timestamp": "2026-03-02T08:20:41Z", "customer_id": 7}]})
    )

    assert told.identifier == Identifier.customer_id("7")
    assert (told.event, told.campaign_id, told.link_href) == ("", "", "")


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ("a", "no object"),
        (event(metric_timestamp=None), "`metric_timestamp`"),
        (event(metric_timestamp="2026-03-02T08:20:41"), "`metric_timestamp`"),
        (event(metric_timestamp="yesterday"), "`metric_timestamp`"),
        (event(external_id=None, customer_id=None), "the customer has no customer-id"),
        (event(content_name=["a"]), "`content_name`"),
        (event(campaign_id=1.5), "`campaign_id`"),
        (event(url="x" * 9000), "`url` has more"),
        (event(content_name="\ud800"), "half a character"),
        (event(content_name="\0"), "NUL"),
    ],
)
def test_event_that_cannot_be_read_is_refused_and_costs_nobody_else(
    spoilt: object, reason: str
) -> None:
    api = Api({"clicks": [spoilt, event()]})

    pages = pulled(api)

    assert reason in next(each for page in pages for each in page.refused).reason
    assert len([each for page in pages for each in page.engagements]) == 1


def test_nothing_of_the_customer_is_kept() -> None:
    api = Api({"clicks": [event(metric_timestamp="?", email_address="sanne@example.org")]})

    (refused,) = [each for page in pulled(api) for each in page.refused]

    assert json.loads(refused.content) == {
        "uuid": event()["uuid"],
        "metric": "clicks",
        "metric_timestamp": "?",
        "campaign_id": "4711",
    }


def test_other_channels_are_no_engagements() -> None:
    api = Api({"opens": [event(broadcast_event_type="SMS"), event(broadcast_event_type=None)]})

    assert len(found(api)) == 1
    assert refusals(api) == []


@pytest.mark.parametrize(
    ("fields", "hashed"),
    [
        ({"external_id": SANNE}, True),
        ({"customer_email_address": " Sanne.deVries@example.org "}, True),
        ({"email_address": "sanne.devries@example.org"}, True),
        ({"external_id": None}, False),
    ],
)
def test_hash_stands_in_the_external_id_or_is_made_of_the_address(
    fields: dict[str, object],
    hashed: bool,  # noqa: FBT001 - drawn
) -> None:
    told = found(Api({"opens": [event(**fields)]}), identifier=HASHED)

    assert [each.identifier.value for each in told] == ([SANNE] if hashed else [])


def test_place_of_the_identifier_can_be_set() -> None:
    (told,) = found(Api({"opens": [event()]}), identity="id")

    assert told.identifier == Identifier.customer_id("88213")


def test_pages_are_followed_to_the_end() -> None:
    api = Api({"opens": [event(uuid=str(number)) for number in range(7)]})

    pages = pulled(api, page_size=3)

    assert [each.event for page in pages for each in page.engagements] == list("0123456")
    opens = [query for query in api.queries if query["filter[metric]"] == "opens"]
    assert [query["offset"] for query in opens] == ["0", "3", "6"]


@pytest.mark.parametrize("form", ["text", "object", "relative"])
def test_next_page_may_be_told_in_several_forms(form: str) -> None:
    api = Api({"opens": [event()]})
    query = "filter[metric]=opens&offset=1&limit=1&cursor=abc"
    address = f"?{query}" if form == "relative" else f"{EVENTS_URL}?{query}"
    links = {"next": {"href": address} if form == "object" else address}

    def answer(request: httpx.Request) -> httpx.Response | None:
        params = request.url.params
        if params.get("filter[metric]") != "opens" or "cursor" in params:
            return None
        return httpx.Response(200, json={"_links": links, "data": [event()]})

    api.answer = answer
    pulled(api)

    assert api.queries[1]["cursor"] == "abc"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.org/analytics-events/events?offset=1",
        "http://api.example.org/analytics-events/events?offset=1",
        "https://api.example.org:8443/analytics-events/events?offset=1",
        "https://api.example.org/other?offset=1",
        "//evil.example.org/analytics-events/events",
        "https://user@api.example.org.evil.example.org/analytics-events/events",
        "https://[",
    ],
)
def test_token_is_not_sent_elsewhere(address: str) -> None:
    api = answering(200, {"_links": {"next": address}, "data": [event()]})

    with pytest.raises(EndpointRefused, match="another address"):
        pulled(api)

    assert {request.url.host for request in api.asked} == {"auth.example.org", "api.example.org"}


def test_page_that_leads_to_itself_is_not_followed() -> None:
    api = Api()
    api.answer = lambda request: (
        httpx.Response(200, json={"_links": {"next": str(request.url)}, "data": [event()]})
        if request.url.path != TOKEN_PATH
        else None
    )

    with pytest.raises(Ambiguous, match="same one again"):
        pulled(api)


def test_behind_a_page_without_events_there_is_none() -> None:
    api = answering(200, {"_links": {"next": f"{EVENTS_URL}?offset=1"}, "data": []})

    assert [page.engagements for page in pulled(api) if page.engagements] == []


def test_days_around_the_moment_are_asked_for_whatever_zone_they_are_in() -> None:
    api = Api()

    pulled(api)

    spans = {(query["filter[date_from]"], query["filter[date_to]"]) for query in api.queries}
    assert spans == {("2026-03-01", "2026-03-04")}
    assert [query["filter[metric]"] for query in api.queries] == METRICS


def test_long_spans_are_cut_so_that_no_day_is_left_out_either_way() -> None:
    api = Api()

    pulled(api, since=MOMENT - timedelta(days=20))

    spans = [
        (query["filter[date_from]"], query["filter[date_to]"])
        for query in api.queries
        if query["filter[metric]"] == "opens"
    ]
    assert spans[0][0] == "2026-02-09"
    assert spans[-1][1] == "2026-03-04"
    assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))


def test_next_pull_looks_back() -> None:
    api = Api()
    *_, last = pulled(api)
    api.queries.clear()

    pulled(api, last.checkpoint, since=MOMENT - timedelta(days=100), look_back="5d")

    (first, *_) = api.queries
    assert first["filter[date_from]"] == "2026-02-25"


def test_cut_pull_goes_on_in_the_middle() -> None:
    api = Api({"opens": [event(uuid=str(number)) for number in range(7)]})
    pages = [page for page in pulled(api, page_size=3) if page.engagements]
    api.queries.clear()

    rest = pulled(api, pages[0].checkpoint, page_size=3)

    assert api.queries[0]["filter[metric]"] == "opens"
    assert api.queries[0]["offset"] == "3"
    assert [each.event for page in rest for each in page.engagements] == list("3456")


@pytest.mark.parametrize(
    "checkpoint",
    ["", "x", "[]", '{"day": "2026"}', '{"day":"x","metric":"","offset":0,"done":true}'],
)
def test_checkpoint_of_others_counts_for_none(checkpoint: str) -> None:
    api = Api()

    pulled(api, checkpoint)

    assert api.queries[0]["filter[date_from]"] == "2026-03-01"


@pytest.mark.parametrize("day", ["2026-03-02", "2999-01-01"])
def test_clock_that_was_ahead_leaves_nothing_out(day: str) -> None:
    api = Api()
    checkpoint = json.dumps({"day": day, "metric": "opens", "offset": 9, "done": True})

    pulled(api, checkpoint)

    assert api.queries[0]["filter[date_from]"] <= "2026-02-27"


def test_token_is_asked_for_as_documented() -> None:
    api = Api()

    pulled(api)

    (asked,) = [request for request in api.asked if str(request.url) == TOKEN_URL]
    assert asked.content == b"grant_type=client_credentials&scope=analytics.events%3Aread"
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"
    encoded = {"+": "%2B", "/": "%2F"}
    secret = "".join(encoded.get(letter, letter) for letter in CLIENT_SECRET)
    expected = httpx.BasicAuth(CLIENT_ID, secret)._auth_header
    assert asked.headers["Authorization"] == expected


def test_token_is_kept_for_all_pages() -> None:
    api = Api()
    with analytics(api) as source:
        list(source.pull(None, since=SINCE))
        list(source.pull(None, since=SINCE))

    assert api.tokens == 1


@pytest.mark.parametrize("expires_in", [0, -1, None, "soon", True])
def test_token_that_does_not_tell_its_end_is_kept_for_a_while(expires_in: object) -> None:
    api = Api()
    api.expires_in = expires_in

    pulled(api)

    assert api.tokens == 1


def test_token_is_replaced_shortly_before_its_end() -> None:
    api = Api()
    uptime = [0.0]
    client = Client(CLIENT_ID, Secret("env", CLIENT_VARIABLE))
    with Poster(TOKEN_URL, client, timeout_seconds=1, transport=api) as poster:
        tokens = AccessTokens(poster, client, scope="s", uptime=lambda: uptime[0])
        sent = []
        for moment in (0.0, 3569.0, 3570.0):
            uptime[0] = moment
            request = tokens.added_to(httpx.Request("GET", EVENTS_URL))
            sent.append(request.headers["Authorization"])

    assert sent == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_refused_token_is_replaced_once() -> None:
    api = Api({"opens": [event()]})
    api.refused = {"token-1"}

    assert len(found(api)) == 1
    assert api.tokens == 2


def test_token_that_is_refused_again_is_told() -> None:
    api = Api()
    api.refused = {"token-1", "token-2"}

    with pytest.raises(InvalidCredentials):
        pulled(api)

    assert api.tokens == 2


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (401, {"error": "invalid_client"}, InvalidCredentials),
        (400, {"error": "invalid_client"}, InvalidCredentials),
        (400, {"error": "invalid_scope", "error_description": "x"}, InvalidCredentials),
        (400, {"error": "unsupported_grant_type"}, MalformedRequest),
        (401, b"", InvalidCredentials),
        (503, b"", Unavailable),
        (429, b"", Throttled),
        (404, b"", EndpointRefused),
        (200, b"", Ambiguous),
        (200, {}, Ambiguous),
        (200, [], Ambiguous),
        (200, {"access_token": "a b"}, Ambiguous),
        (200, {"access_token": ""}, Ambiguous),
        (200, {"access_token": "a\r\nX: y"}, Ambiguous),
        (200, {"access_token": 7}, Ambiguous),
    ],
)
def test_trouble_with_the_token_is_told(
    status: int, content: object, error: type[DeliveryError]
) -> None:
    with pytest.raises(error):
        pulled(answering(status, content, path=TOKEN_PATH))


@pytest.mark.parametrize(
    ("status", "content", "error"),
    [
        (400, {"error": {"code": 12, "message": "no such filter"}}, MalformedRequest),
        (403, b"", InvalidCredentials),
        (404, b"", EndpointRefused),
        (429, b"", Throttled),
        (500, b"", Unavailable),
        (504, b"", Ambiguous),
        (302, b"", EndpointRefused),
        (200, b"", Ambiguous),
        (200, b"<html>", Ambiguous),
        (200, b"[" * 100_000, Ambiguous),
        (200, [], Ambiguous),
        (200, {"data": {}}, Ambiguous),
    ],
)
def test_trouble_with_a_page_is_told(
    status: int, content: object, error: type[DeliveryError]
) -> None:
    with pytest.raises(error):
        pulled(answering(status, content))


def test_wish_to_slow_down_is_passed_on() -> None:
    api = answering(429, b"", **{"Retry-After": "30"})

    with pytest.raises(Throttled) as caught:
        pulled(api)

    assert caught.value.retry_after == timedelta(seconds=30)


def test_source_needs_to_know_its_client() -> None:
    with pytest.raises(InvalidSettings, match="`analytics`"), open_analytics(context(CUSTOMER)):
        pass


def test_source_needs_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CLIENT_VARIABLE)

    with pytest.raises(MissingSecret), analytics():
        pass


def test_address_identifies_nobody_by_customer_id() -> None:
    with pytest.raises(InvalidSettings, match="hashed-email"), analytics(identity="email"):
        pass

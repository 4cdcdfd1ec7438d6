from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import pytest

from petiole.plugins.canopydeploy.sandbox.exchange import Answer
from tests.plugins.canopydeploy.sandbox.desk import Desk, Json, read, record
from tests.plugins.canopydeploy.sandbox.test_oauth import ask

PATH = "/analytics-events/events"
DAYS = {"filter[date_from]": "2026-03-02", "filter[date_to]": "2026-03-03"}
MAIL = {
    "segment": "4711",
    "campaign": 4711,
    "content": "Spring mail",
    "start": "2026-03-02T08:20:41Z",
    "span_seconds": 3600,
}
HASH = "e14ea289efcdde26d95aaa951e067d8eaf5bb6650a65bac28cb013bbc2406adc"


@pytest.fixture
def bearer(desk: Desk) -> Mapping[str, str]:
    return {"authorization": f"Bearer {read(ask(desk))['access_token']}"}


@pytest.fixture
def full(desk: Desk) -> Desk:
    desk.post(*(record(f"{number}") for number in range(30)))
    desk.control("POST", "engage", {**MAIL, "events": ["open"]})
    return desk


def get(desk: Desk, bearer: Mapping[str, str], **query: str) -> Answer:
    return desk.call("GET", PATH, headers=bearer, query={**DAYS, **query})


def events(desk: Desk, bearer: Mapping[str, str], metric: str, **query: str) -> Json:
    answer = desk.call(
        "GET", PATH, headers=bearer, query={**DAYS, "filter[metric]": metric, **query}
    )
    assert answer.status == 200, answer.body
    return read(answer)


def test_record_has_53_fields(full: Desk, bearer: Mapping[str, str]) -> None:
    (first, *_) = events(full, bearer, "opens")["data"]

    assert len(first) == 53


def test_event_tells_who_what_and_when(desk: Desk, bearer: Mapping[str, str]) -> None:
    desk.post(record(HASH))
    desk.control("POST", "engage", {**MAIL, "span_seconds": 0, "events": ["click"]})

    (click,) = events(desk, bearer, "clicks")["data"]

    told = {
        "brand_id": 20,
        "broadcast_event_sub_type": "CAMPAIGN",
        "broadcast_event_type": "EMAIL",
        "broadcast_id": 9001,
        "campaign_id": 4711,
        "campaign_name": "Spring rebookers",
        "content_name": "Spring mail",
        "customer_id": 88213,
        "email_address": None,
        "external_id": HASH,
        "link_description": "Hero button",
        "machine_generated": False,
        "mailing_type": "CAMPAIGN",
        "metric": "clicks",
        "metric_timestamp": "2026-03-02T09:20:41+01:00",
        "url": "https://www.example.org/lisbon",
    }
    assert told.items() <= click.items()


def test_address_is_told_where_there_is_one(desk: Desk, bearer: Mapping[str, str]) -> None:
    desk.call("POST", "/app/api/rest/public/v2/customer", {"emailaddress": "sanne@example.org"})
    mail = {key: value for key, value in MAIL.items() if key != "segment"}
    desk.control("POST", "engage", {**mail, "customers": [88213], "events": []})

    (sent,) = events(desk, bearer, "sends")["data"]

    assert (sent["email_address"], sent["email_domain"]) == ("sanne@example.org", "example.org")


@pytest.mark.parametrize(
    ("act", "told"),
    [("bounce", ("HARD", "5.1.1", "hard")), ("soft-bounce", ("SOFT", "4.2.2", "soft"))],
)
def test_bounce_is_told_and_no_send(
    desk: Desk, bearer: Mapping[str, str], act: str, told: tuple[str, ...]
) -> None:
    desk.post(record("a"))
    desk.control("POST", "engage", {**MAIL, "events": [act]})

    (bounce,) = events(desk, bearer, "bounces")["data"]

    fields = ("bounce_category", "bounce_code", "bounce_type")
    assert tuple(bounce[each] for each in fields) == told
    assert events(desk, bearer, "sends")["data"] == []


def test_machines_are_marked(desk: Desk, bearer: Mapping[str, str]) -> None:
    desk.post(record("a"))
    desk.control("POST", "engage", {**MAIL, "share": {"open": 1.0}, "machine_share": 1.0})

    opens = events(desk, bearer, "opens")["data"]

    assert [each["machine_generated"] for each in opens] == [True, False]


def test_pages_follow_each_other_until_there_is_no_next(
    full: Desk, bearer: Mapping[str, str]
) -> None:
    pages = [events(full, bearer, "opens", limit="12")]
    while link := pages[-1]["_links"].get("next"):
        target = urlsplit(link)
        assert (target.netloc, target.path) == ("x:1", PATH)
        query = dict(parse_qsl(target.query))
        pages.append(read(full.call("GET", PATH, headers=bearer, query=query)))

    told = [each for page in pages for each in page["data"]]
    assert [len(page["data"]) for page in pages] == [12, 12, 6]
    assert {page["total_count"] for page in pages} == {30}
    assert len({each["uuid"] for each in told}) == 30
    moments = [(each["metric_timestamp"], each["metric_id"]) for each in told]
    assert moments == sorted(moments)


def test_event_that_comes_early_in_time_moves_those_behind_it(
    full: Desk, bearer: Mapping[str, str]
) -> None:
    before = events(full, bearer, "opens", limit="10")
    earlier = {"start": "2026-03-01T23:00:00Z", "span_seconds": 0, "content": "First"}
    full.control("POST", "engage", {**MAIL, **earlier, "events": ["open"]})

    after = events(full, bearer, "opens", limit="10", offset="30")

    assert [each["uuid"] for each in after["data"]] == [each["uuid"] for each in before["data"]]
    assert after["total_count"] == 60


def test_page_holds_100_unless_told_and_1000_at_most(desk: Desk, bearer: Mapping[str, str]) -> None:
    desk.post(*(record(f"{number}") for number in range(1010)))
    desk.control("POST", "engage", {**MAIL, "events": []})

    assert len(events(desk, bearer, "sends")["data"]) == 100
    assert len(events(desk, bearer, "sends", limit="5000")["data"]) == 1000


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-03-01", "2026-03-01", 0),
        ("2026-03-02", "2026-03-02", 1),
        ("2026-03-01", "2026-03-02", 1),
        ("2026-03-03", "2026-03-09", 0),
        ("2026-03-03", "2026-03-01", 0),
    ],
)
def test_both_days_are_whole_ones_of_amsterdam(
    desk: Desk, bearer: Mapping[str, str], first: str, last: str, found: int
) -> None:
    desk.post(record("a"))
    midnight = {"start": "2026-03-01T23:00:00Z", "span_seconds": 0}
    desk.control("POST", "engage", {**MAIL, **midnight, "events": []})

    days = {"filter[date_from]": first, "filter[date_to]": last}

    assert events(desk, bearer, "sends", **days)["total_count"] == found


def test_without_a_metric_all_events_are_told(full: Desk, bearer: Mapping[str, str]) -> None:
    told = read(get(full, bearer))

    assert told["total_count"] == 60
    assert {each["metric"] for each in told["data"]} == {"sends", "opens"}


@pytest.mark.parametrize("metric", ["unsubscribes", "conversions", "complaints"])
def test_metric_of_which_nothing_happened_is_empty(
    full: Desk, bearer: Mapping[str, str], metric: str
) -> None:
    told = events(full, bearer, metric)

    assert (told["total_count"], told["data"], list(told["_links"])) == (0, [], ["current"])


def test_expired_token_is_answered_401(full: Desk, bearer: Mapping[str, str]) -> None:
    full.control("POST", "settings", {"clock_offset_seconds": 3601})

    answer = get(full, bearer)

    assert answer.status == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_life_of_a_token_is_a_setting(full: Desk) -> None:
    full.control("POST", "settings", {"oauth_expires_in": 0})
    token = read(ask(full))["access_token"]

    assert get(full, {"authorization": f"Bearer {token}"}).status == 401


def test_platforms_token_opens_nothing_here(full: Desk) -> None:
    assert get(full, {"authorization": f"Bearer {full.platform.token}"}).status == 401


def test_call_beyond_those_of_a_minute_is_answered_429(
    full: Desk, bearer: Mapping[str, str]
) -> None:
    full.control("POST", "settings", {"analytics_calls_per_minute": 2})

    answers = [get(full, bearer) for _ in range(3)]
    full.control("POST", "settings", {"clock_offset_seconds": 61})
    answers.append(get(full, bearer))

    assert [each.status for each in answers] == [200, 200, 429, 200]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"filter[date_from]": ""}, "filter[date_from] must be a day"),
        ({"filter[date_to]": "02-03-2026"}, "filter[date_to] must be a day"),
        ({"filter[date_to]": "9999-12-31"}, "filter[date_to] must be a day"),
        ({"filter[metric]": "click"}, "filter[metric] must be one of clicks, sends"),
        ({"limit": "0"}, "limit must be a number from 1"),
        ({"limit": "٣"}, "limit must be a number"),
        ({"offset": "-1"}, "offset must be a number"),
        ({"page": "2"}, "there is no parameter page"),
    ],
)
def test_nonsense_is_answered_400(
    full: Desk, bearer: Mapping[str, str], query: dict[str, str], complaint: str
) -> None:
    answer = get(full, bearer, **query)

    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]


def test_only_get_and_only_this_address_are_answered(full: Desk, bearer: Mapping[str, str]) -> None:
    assert full.call("POST", PATH, headers=bearer).status == 405
    assert full.call("GET", f"{PATH}/1", headers=bearer).status == 404


def test_fault_spoils_a_page(full: Desk, bearer: Mapping[str, str]) -> None:
    rule = {"fault": "status", "status": 503, "path": PATH, "times": 1}
    full.control("POST", "faults", {"rules": [rule]})

    assert [get(full, bearer).status for _ in range(2)] == [503, 200]

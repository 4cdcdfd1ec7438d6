"""One story, told three ways: pushed, in SOAP's mailing sets, and as analytics events."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.plugins.canopydeploy.sandbox.desk import Json, record
from tests.plugins.canopydeploy.sandbox.receiver import Receiver, receiving
from tests.plugins.canopydeploy.sandbox.soap import zeep_caller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import ZeepCaller

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

Told: TypeAlias = tuple[str, str, str, str, str, int]
"""Identity, kind, campaign, content, link, and second."""

KINDS = {
    "Email Receive": "receive",
    "Email Open": "open",
    "Email Click": "click",
    "Email Bounce": "bounce",
    "Email Complaint": "complaint",
}
METRICS = {
    "sends": "receive",
    "opens": "open",
    "clicks": "click",
    "bounces": "bounce",
    "complaints": "complaint",
}

EVENT_SETS = (
    ("mailing_getOpenSet", "openSet_getOpens", "open", "openedAt"),
    ("mailing_getBounceSet", "bounceSet_getBounces", "bounce", "bouncedAt"),
    ("mailing_getComplaintSet", "complaintSet_getComplaints", "complaint", "complaintAt"),
)

PAGE = 5


class World:
    """A twin, its readers, and a receiver."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox = sandbox
        self.receiver = receiver
        self.session = requests.Session()
        client = zeep_caller.client_at(f"{sandbox.soap}?WSDL")
        self.zeep = ZeepCaller(client, token=sandbox.token)

    def control(self, name: str, content: dict[str, Any]) -> Json:
        answer = self.session.post(f"{self.sandbox.control}{name}", json=content, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def fresh(self) -> None:
        self.control("reset", {})
        self.control("settings", {"soap": {"polls": 0, "page_limit": PAGE}})
        self.receiver.calls.clear()

    def sync(self, identifiers: Sequence[str], *, lane: str) -> None:
        if lane == "batch":
            records: list[Any] = [record(each, segment="4711") for each in identifiers]
            headers = {"Authorization": f"Bearer {self.sandbox.token}"}
            self.session.post(self.sandbox.rest, json=records, headers=headers, timeout=10)
            return
        for each in identifiers:
            pairs = {"identifier": each, "status": "NEW"}
            options = [{"type": "", "name": key, "value": text} for key, text in pairs.items()]
            arguments: Any = {"campaignId": 4711, "options": {"Option": options}}
            told: Any = self.zeep.call("campaign_executeAsync", arguments)
            assert told["msg"] is True

    def pushed(self, partner_number: int) -> Counter[Told]:
        order: dict[str, Any] = {
            "url": self.receiver.url,
            "site": 1404,
            "username": "app",
            "password": "secret",
            "partner_number": partner_number,
        }
        self.control("push", order)
        run = self.sandbox.platform.state.sender._run
        assert run is not None
        run._thread.join(20)
        found: Counter[Told] = Counter()
        for call in self.receiver.calls:
            for each in call.interactions:
                variables = each["variables"]
                told = (
                    call.query["partnerId"][0],
                    KINDS[each["type"]],
                    variables["campaignId"],
                    variables["contentName"],
                    variables.get("linkHref", ""),
                    each["timestamp"] // 1000,
                )
                found[told] += 1
        return found

    def pulled(self, first: str, last: str) -> Counter[Told]:
        form = {"grant_type": "client_credentials", "scope": "analytics.events:read"}
        client = (self.sandbox.client_id, self.sandbox.client_secret)
        answer = self.session.post(self.sandbox.oauth, data=form, auth=client, timeout=10)
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        found: Counter[Told] = Counter()
        for metric, kind in METRICS.items():
            url: str | None = (
                f"{self.sandbox.analytics}?filter[date_from]={first}&filter[date_to]={last}"
                f"&filter[metric]={metric}&limit={PAGE}"
            )
            while url:
                page = self.session.get(url, headers=headers, timeout=10).json()
                for each in page["data"]:
                    at = datetime.strptime(each["metric_timestamp"], "%Y-%m-%dT%H:%M:%S%z")
                    told = (
                        each["external_id"],
                        kind,
                        str(each["campaign_id"]),
                        each["content_name"],
                        each["url"] or "",
                        int(at.timestamp()),
                    )
                    found[told] += 1
                url = page["_links"].get("next")
        return found

    def read(self, first: str, last: str) -> Counter[Told]:
        found: Counter[Told] = Counter()
        span = {"fromDate": f"{first} 00:00:00", "toDate": f"{last} 23:59:59"}
        for mailing in self._rows("mailing_getByDate", span, "mailingSet_getMailings"):
            where = {"mailing": {"id": mailing["id"]}}
            about = (str(mailing["campaignId"]), mailing["contentName"])
            people = {}
            deliveries = self._rows("mailing_getDeliverySet", where, "deliverySet_getDeliveries")
            for each in deliveries:
                customer = each["customer"]
                named = {entry["name"]: entry["value"] for entry in _items(customer["options"])}
                people[customer["id"]] = named["identifier"]
                assert customer["externalId"] == named["identifier"]
                if each["status"] == "DELIVERED":
                    at = _second(each["deliveryDate"])
                    found[(named["identifier"], "receive", *about, "", at)] += 1
            for asked, page, kind, moment in EVENT_SETS:
                for each in self._rows(asked, where, page):
                    at = _second(each[moment])
                    found[(people[each["customerId"]], kind, *about, "", at)] += 1
            for link in _items(mailing["links"]):
                asked_link = {"mailingLink": {"id": link["id"]}}
                clicks = self._rows("mailingLink_getClickSet", asked_link, "clickSet_getClicks")
                for each in clicks:
                    at = _second(each["clickedAt"])
                    identity = people[each["customerId"]]
                    found[(identity, "click", *about, each["link"]["url"], at)] += 1
        return found

    def _rows(self, asked: str, arguments: Mapping[str, Any], page: str) -> Iterator[Any]:
        resource: Any = self.zeep.call(asked, arguments)
        for offset in count(0, PAGE):
            where = {"resourceId": resource["msg"], "offset": offset, "size": PAGE}
            answer: Any = self.zeep.call(page, where)
            rows = _items(answer["msg"])
            yield from rows
            if len(rows) < PAGE:
                return


def _items(array: Mapping[str, Any] | None) -> list[Any]:
    """Return the items of an array, whose one field has a name of its own."""
    return [each for items in (array or {}).values() for each in items or []]


def _second(text: str) -> int:
    at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=AMSTERDAM)
    return int(at.timestamp())


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running() as sandbox, receiving() as receiver:
        yield World(sandbox, receiver)


NO_AMBIGUOUS_HOUR = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2026, 9, 30),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
"""In the hour that Amsterdam has twice a year, SOAP's times do not tell which one is meant."""

REQUESTS = st.fixed_dictionaries(
    {
        "content": st.sampled_from(["Spring mail", 'A "mail" <ÄÖ>']),
        "seed": st.integers(0, 1000),
        "share": st.fixed_dictionaries(
            {
                "receive": st.sampled_from([0.5, 0.7]),
                "open": st.sampled_from([0.0, 0.3, 0.5]),
                "click": st.sampled_from([0.0, 0.2, 0.5]),
                "bounce": st.sampled_from([0.0, 0.1]),
                "soft-bounce": st.sampled_from([0.0, 0.2]),
                "complaint": st.sampled_from([0.0, 0.3]),
            }
        ),
        "repeats": st.integers(0, 2),
        "machine_share": st.sampled_from([0.0, 0.5]),
        "span_seconds": st.sampled_from([0, 10, 100_000]),
        "links": st.lists(
            st.sampled_from(["https://x.example.org/a", "https://x.example.org/?b=1&c=2"]),
            min_size=1,
            max_size=2,
            unique=True,
        ).map(lambda urls: [{"url": url, "description": f"To {url}"} for url in urls]),
    }
)


@settings(max_examples=20, deadline=None)
@given(
    asked=st.lists(REQUESTS, min_size=1, max_size=2),
    start=NO_AMBIGUOUS_HOUR,
    lane=st.sampled_from(["batch", "realtime"]),
    hashed=st.booleans(),
    people=st.integers(1, 8),
)
def test_three_views_tell_the_same_story(
    world: World,
    asked: list[dict[str, Any]],
    start: datetime,
    lane: str,
    hashed: bool,  # noqa: FBT001 - drawn
    people: int,
) -> None:
    world.fresh()
    names = [f"1{number:04}" for number in range(people)]
    identifiers = [sha256(each.encode()).hexdigest() if hashed else each for each in names]
    world.sync(identifiers, lane=lane)
    for each in asked:
        fixed = {"segment": "4711", "campaign": 4711, "start": start.isoformat()}
        world.control("engage", {**each, **fixed})
    first, last = "2025-12-31", "2026-10-05"

    read, pulled = world.read(first, last), world.pulled(first, last)

    assert read == pulled
    if read:
        assert world.pushed(1012 if hashed else 1010) == read
    assert set(read.values()) <= {1}
    assert {told[0] for told in read} <= set(identifiers)


def test_story_is_not_empty(world: World) -> None:
    world.fresh()
    world.sync(["11000"], lane="realtime")
    mail = {"segment": "4711", "campaign": 4711, "content": "Spring mail"}
    world.control("engage", {**mail, "start": "2026-03-02T08:20:41Z", "events": ["open", "click"]})
    second = int(datetime(2026, 3, 2, 8, 20, 41, tzinfo=UTC).timestamp())

    read = world.read("2026-03-02", "2026-03-02")

    lisbon = "https://www.example.org/lisbon"
    assert read == Counter(
        {
            ("11000", "receive", "4711", "Spring mail", "", second): 1,
            ("11000", "open", "4711", "Spring mail", "", second): 1,
            ("11000", "click", "4711", "Spring mail", lisbon, second): 1,
        }
    )

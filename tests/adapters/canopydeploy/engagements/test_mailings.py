"""Engagements over SOAP, from a platform that answers as it was told."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import httpx
import pytest
from lxml import etree

from petiole.adapters.canopydeploy.engagements.resultset import LONGEST_PAUSE, PAGE
from petiole.core.domain.engagement import BounceType, Engagement, EngagementKind, Origin
from petiole.core.domain.identity import Identifier
from petiole.core.errors import Ambiguous, InvalidSettings, MalformedRequest, Unavailable
from petiole.core.ports.engagement_source import EngagementPage
from tests.adapters.canopydeploy.engagements.made import CUSTOMER, HASHED, MOMENT, SANNE, mailings
from tests.adapters.canopydeploy.soap.made import fault, result

Row = Mapping[str, object]
KINDS = {
    "mailingSet_getMailings": "Mailing",
    "deliverySet_getDeliveries": "Delivery",
    "openSet_getOpens": "Open",
    "clickSet_getClicks": "Click",
    "bounceSet_getBounces": "Bounce",
    "complaintSet_getComplaints": "Complaint",
}
ITEMS = {"links": "MailingLink", "options": "CustomerOption"}
LATE = ("emailAddress", "externalId", "options", "rule", "category")
COUNTS = ("bounces", "opens", "clicks", "complaints")
ORDER = ("feedbackloop", "", *LATE, *COUNTS)
"""The order that the WSDL wants, where the tests do not keep it; the others come in place of ""."""
AT = "2026-03-02 09:20:41"
"""`MOMENT` in Amsterdam."""


def xml(name: str, value: object) -> str:
    """Write a value as an element."""
    if isinstance(value, Mapping):
        parts = sorted(value, key=lambda part: ORDER.index(part if part in ORDER else ""))
        inner = "".join(xml(part, value[part]) for part in parts)
    elif isinstance(value, list):
        inner = "".join(xml(ITEMS[name], each) for each in value)
    else:
        inner = "" if value is None else escape(str(value))
    return f"<n:{name}>{inner}</n:{name}>"


def customer(number: int, **fields: object) -> Row:
    return {"id": number, "externalId": str(11_000 + number), **fields}


def delivery(number: int, **changes: object) -> Row:
    return {
        "id": f"9001-{number}",
        "status": "DELIVERED",
        "customer": customer(number),
        "deliveryDate": AT,
        **changes,
    }


def mail(**changes: object) -> Row:
    links = [
        {"mailingId": 9001, "id": 7001, "url": "https://www.example.org/", "description": "Hero"}
    ]
    return {
        "campaignId": 4711,
        "id": 9001,
        "contentName": "Spring mail",
        "links": links,
        "type": "CAMPAIGN",
        **changes,
    }


class Platform(httpx.BaseTransport):
    """Result sets as told, by the operation that asks for them."""

    def __init__(self, **rows: Sequence[Row]) -> None:
        self.rows: dict[str, Sequence[Row]] = {"mailing_getByDate": [mail()], **rows}
        self.customers: dict[int, Row] = {}
        self.states = ["PROCESSING", "READY"]
        self.sizes = True
        self.calls: list[tuple[str, Mapping[str, str]]] = []
        self.sets: dict[str, str] = {}
        self.polled: dict[str, int] = {}
        self.freed: list[str] = []
        self.spoil: Callable[[str, Mapping[str, str]], bytes | None] = lambda *_: None

    def asked(self, operation: str) -> list[Mapping[str, str]]:
        return [arguments for name, arguments in self.calls if name == operation]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        call = etree.fromstring(request.read())[-1][0]
        operation = etree.QName(call).localname
        arguments = {
            etree.QName(each).localname: each.text or "" for each in call.iter() if not len(each)
        }
        self.calls.append((operation, arguments))
        body = self.spoil(operation, arguments) or self._answer(operation, arguments)
        media = {"Content-Type": "text/xml; charset=utf-8"}
        status = 500 if b"Fault" in body else 200
        return httpx.Response(status, content=body, headers=media)

    def _answer(self, operation: str, arguments: Mapping[str, str]) -> bytes:
        if operation == "customer_getById":
            found = self.customers.get(int(arguments["customerId"]))
            return told(operation, found) if found else fault("213", "Customer not found")
        if operation == "resource_free":
            self.freed.append(arguments["resourceId"])
            return told(operation, "true")
        if operation == "resource_getById":
            return self._state(arguments["resourceId"])
        if operation in KINDS:
            rows = self.rows.get(self.sets[arguments["resourceId"]], [])
            start = int(arguments["offset"])
            return told(operation, rows[start : start + int(arguments["size"])], KINDS[operation])
        number = str(1000 + len(self.sets))
        self.sets[number] = operation
        return told(operation, number)

    def _state(self, number: str) -> bytes:
        polls = self.polled.get(number, 0)
        self.polled[number] = polls + 1
        state = {"id": number, "status": self.states[min(polls, len(self.states) - 1)]}
        if self.sizes:
            state["size"] = str(len(self.rows.get(self.sets[number], [])))
        return told("resource_getById", state)


def told(operation: str, value: object, item: str = "") -> bytes:
    if item:
        assert isinstance(value, Sequence)
        return result(
            f"<n:msg>{''.join(xml(item, each) for each in value)}</n:msg>", operation=operation
        )
    return result(xml("msg", value), operation=operation)


def pulled(
    platform: Platform,
    checkpoint: str | None = None,
    *,
    since: datetime = MOMENT,
    **changes: object,
) -> list[EngagementPage]:
    with mailings(platform, **changes) as source:  # type: ignore[arg-type]
        return list(source.pull(checkpoint, since=since))


def found(platform: Platform, **changes: object) -> list[Engagement]:
    pages = pulled(platform, None, since=MOMENT, **changes)
    return [each for page in pages for each in page.engagements]


def reasons(platform: Platform) -> list[str]:
    return [each.reason for page in pulled(platform) for each in page.refused]


def event(number: int, moment: str, **changes: object) -> Row:
    return {"id": 300_000 + number, "customerId": number, "mailingId": 9001, moment: AT, **changes}


def whole() -> Platform:
    return Platform(
        mailing_getDeliverySet=[delivery(1), delivery(2, status="BOUNCED")],
        mailing_getOpenSet=[event(1, "openedAt")],
        mailingLink_getClickSet=[event(1, "clickedAt")],
        mailing_getBounceSet=[event(2, "bouncedAt", category="HARD", rule="550 5.1.1 unknown")],
        mailing_getComplaintSet=[event(1, "complaintAt", feedbackloop="f")],
    )


def test_each_kind_is_told() -> None:
    told = found(whole(), brand_id="20")

    usual = Engagement(
        connection=told[0].connection,
        origin=Origin("mailings"),
        identifier=Identifier.customer_id("11001"),
        kind=EngagementKind.RECEIVE,
        occurred_at=MOMENT,
        event="receive:9001-1",
        campaign_id="4711",
        brand_id="20",
        mailing_type="CAMPAIGN",
        content_name="Spring mail",
    )
    assert told[0] == usual
    assert [(each.kind, each.event, each.identifier.value) for each in told[1:]] == [
        (EngagementKind.OPEN, "open:300001", "11001"),
        (EngagementKind.CLICK, "click:300001", "11001"),
        (EngagementKind.BOUNCE, "bounce:300002", "11002"),
        (EngagementKind.COMPLAINT, "complaint:300001", "11001"),
    ]
    assert (told[2].link_href, told[2].link_description) == ("https://www.example.org/", "Hero")
    assert {each.by_machine for each in told} == {None}


def test_every_set_is_given_back() -> None:
    platform = whole()

    pulled(platform)

    assert sorted(platform.freed) == sorted(platform.sets)


def test_set_is_given_back_when_the_pull_is_cut() -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(number) for number in range(1, 60)])
    with mailings(platform) as source:
        pages = source.pull(None, since=MOMENT)
        next(pages)
        pages.close()  # type: ignore[attr-defined]

    assert sorted(platform.freed) == sorted(platform.sets)


def test_set_is_given_back_after_a_trouble() -> None:
    platform = whole()
    platform.spoil = lambda name, _: b"<html>" if name == "openSet_getOpens" else None

    with pytest.raises(Ambiguous):
        pulled(platform)

    assert sorted(platform.freed) == sorted(platform.sets)


def test_waiting_grows_and_has_an_end() -> None:
    platform = whole()
    platform.states = ["PROCESSING"]
    waits: list[float] = []

    with pytest.raises(Unavailable, match="within 0:01:00"):
        pulled(platform, sleep=waits.append, patience="60s")

    assert waits[:3] == [0.25, 0.5, 1]
    assert max(waits) == LONGEST_PAUSE.total_seconds()
    assert 60 <= sum(waits) <= 70
    assert len(platform.freed) == 1


@pytest.mark.parametrize("state", ["ERROR", "CLOSED"])
def test_lost_set_is_made_once_more(state: str) -> None:
    platform = whole()

    def spoil(name: str, arguments: Mapping[str, str]) -> bytes | None:
        if name == "resource_getById" and arguments["resourceId"] == "1001":
            return told(name, {"id": 1001, "status": state})
        return None

    platform.spoil = spoil

    assert len(found(platform)) == 5
    assert len(platform.asked("mailing_getDeliverySet")) == 2


def test_set_that_is_lost_twice_is_told() -> None:
    platform = whole()
    platform.states = ["ERROR"]

    with pytest.raises(Unavailable, match="ERROR"):
        pulled(platform)

    assert len(platform.asked("mailing_getByDate")) == 2


def test_set_that_ends_between_two_pages_is_read_on_from_there() -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(number) for number in range(1, 121)])
    left = [1]

    def spoil(name: str, arguments: Mapping[str, str]) -> bytes | None:
        if name == "deliverySet_getDeliveries" and arguments["offset"] == "50" and left.pop():
            left.append(0)
            return fault("105", "Resource [1001] is CLOSED")
        return None

    platform.spoil = spoil

    assert len(found(platform)) == 120
    offsets = [each["offset"] for each in platform.asked("deliverySet_getDeliveries")]
    assert offsets == ["0", "50", "50", "100"]


@pytest.mark.parametrize("sizes", [True, False])
@pytest.mark.parametrize("rows", [0, 1, PAGE, PAGE + 1])
def test_every_page_of_a_set_is_read(rows: int, sizes: bool) -> None:  # noqa: FBT001 - drawn
    platform = Platform(mailing_getDeliverySet=[delivery(each) for each in range(1, rows + 1)])
    platform.sizes = sizes

    assert len(found(platform)) == rows


def test_page_without_rows_is_not_believed_at_once() -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1)])
    seen: list[str] = []

    def spoil(name: str, _: Mapping[str, str]) -> bytes | None:
        if name != "deliverySet_getDeliveries" or seen:
            return None
        seen.append(name)
        return told(name, [], "Delivery")

    platform.spoil = spoil

    assert len(found(platform)) == 1


def test_mailing_that_is_gone_is_passed_over() -> None:
    platform = whole()
    platform.spoil = lambda name, _: (
        fault("213", "Mailing not found")
        if name.startswith("mailing_get") and "Set" in name
        else None
    )

    assert [each.kind for each in found(platform)] == []


def test_other_refusal_is_told_in_the_platforms_words() -> None:
    platform = whole()
    platform.spoil = lambda name, _: (
        fault("105", "no such date") if name == "mailing_getByDate" else None
    )

    with pytest.raises(MalformedRequest) as caught:
        pulled(platform)

    assert (caught.value.code, caught.value.reason) == ("105", "no such date")


def test_answer_that_is_no_number_is_not_taken_for_a_set() -> None:
    platform = whole()
    platform.spoil = lambda name, _: (
        result("<n:msg/>", operation=name) if name == "mailing_getByDate" else None
    )

    with pytest.raises(Ambiguous, match="no number"):
        pulled(platform)


def test_parts_in_which_nothing_happened_are_not_asked_for() -> None:
    platform = whole()
    platform.rows["mailing_getByDate"] = [mail(opens=0, clicks=0, bounces=0, complaints=1)]

    told = [each.kind for each in found(platform)]

    assert told == [EngagementKind.RECEIVE, EngagementKind.COMPLAINT]
    assert platform.asked("mailing_getOpenSet") == []


def test_customer_that_did_not_pass_by_is_looked_up_once() -> None:
    platform = Platform(
        mailing_getOpenSet=[event(1, "openedAt"), event(1, "openedAt"), event(2, "openedAt")],
    )
    platform.customers = {1: customer(1)}

    pages = pulled(platform)

    assert [each.identifier.value for page in pages for each in page.engagements] == ["11001"] * 2
    assert [each.reason for page in pages for each in page.refused] == [
        "the platform does not know the customer any more"
    ]
    assert len(platform.asked("customer_getById")) == 2


def test_trouble_with_a_customer_is_no_missing_customer() -> None:
    platform = Platform(mailing_getOpenSet=[event(1, "openedAt")])
    platform.spoil = lambda name, _: fault("105", "odd") if name == "customer_getById" else None

    with pytest.raises(MalformedRequest):
        pulled(platform)


OPTION = {"name": "identifier", "value": SANNE}


@pytest.mark.parametrize(
    ("fields", "place", "value"),
    [
        ({"options": [OPTION], "externalId": "x"}, None, SANNE),
        ({"externalId": SANNE.upper()}, None, SANNE),
        ({"externalId": "7", "emailAddress": "Sanne.deVries@example.org "}, None, SANNE),
        ({"options": [OPTION | {"name": "hash"}]}, "option:hash", SANNE),
        ({"options": [OPTION], "emailAddress": "joris.bakker@example.org"}, "externalId", None),
        ({"externalId": "7"}, None, None),
    ],
)
def test_hash_is_found_in_the_first_place_that_fits(
    fields: Mapping[str, object], place: str | None, value: str | None
) -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1, customer=customer(1, **fields))])

    told = found(platform, identifier=HASHED, identity=place)

    assert [each.identifier.value for each in told] == ([value] if value else [])


@pytest.mark.parametrize(
    ("fields", "place", "value"),
    [
        ({"options": [OPTION | {"value": "A-7"}]}, None, "A-7"),
        ({}, None, "11001"),
        ({"externalId": ""}, None, "1"),
        ({}, "id", "1"),
    ],
)
def test_customer_id_is_found_in_the_first_place_that_fits(
    fields: Mapping[str, object], place: str | None, value: str
) -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1, customer=customer(1, **fields))])

    told = found(platform, identifier=CUSTOMER, identity=place)

    assert [each.identifier.value for each in told] == [value]


def test_address_identifies_nobody_by_customer_id() -> None:
    with pytest.raises(InvalidSettings, match="hashed-email"), mailings(identity="email"):
        pass


@pytest.mark.parametrize(
    ("row", "bounce"),
    [
        ({"category": "HARD"}, BounceType.HARD),
        ({"category": "soft"}, BounceType.SOFT),
        ({"category": "MAILBOX", "rule": "552 5.2.2 over quota"}, BounceType.HARD),
        ({"category": "", "rule": "452 4.2.2"}, BounceType.SOFT),
        ({"category": None, "rule": None}, None),
    ],
)
def test_bounce_is_hard_or_soft(row: Row, bounce: BounceType | None) -> None:
    platform = whole()
    platform.rows["mailing_getBounceSet"] = [event(2, "bouncedAt", **row)]

    assert [each.bounce for each in found(platform) if each.kind == "bounce"] == [bounce]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "QUEUED"}, "the state of the delivery"),
        ({"customer": None}, "the platform tells no customer"),
        ({"deliveryDate": "0000-00-00 00:00:00"}, "`deliveryDate` is no time"),
        ({"deliveryDate": ""}, "`deliveryDate` is no time"),
        ({"deliveryDate": "2026-03-02"}, "`deliveryDate` is no time"),
    ],
)
def test_row_that_cannot_be_read_is_refused_and_costs_nobody_else(
    changes: Mapping[str, object], reason: str
) -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1, **changes), delivery(2)])

    pages = pulled(platform)

    (refused,) = [each for page in pages for each in page.refused]
    assert reason in refused.reason
    kept = json.loads(refused.content)
    assert (kept["mailing"], kept["part"], kept["id"]) == (9001, "receive", "9001-1")
    assert len([each for page in pages for each in page.engagements]) == 1


def test_states_of_deliveries_can_be_set() -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1, status="SENT")])

    assert len(found(platform, delivered=["SENT"])) == 1


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-03-02 09:20:41", MOMENT),
        ("2026-07-01 12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
        ("2026-10-25 01:59:59", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)),
        ("2026-10-25 02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, tzinfo=UTC)),
        ("2026-03-29 02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ],
)
def test_local_times_become_utc(local: str, moment: datetime) -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1, deliveryDate=local)])

    (told,) = found(platform)

    assert told.occurred_at == moment


def test_zone_can_be_set() -> None:
    platform = Platform(mailing_getDeliverySet=[delivery(1)])

    (told,) = found(platform, zone="UTC")

    assert told.occurred_at == MOMENT + timedelta(hours=1)


def spans(platform: Platform) -> list[str]:
    asked = platform.asked("mailing_getByDate")
    assert all(each["fromDate"][:10] == each["toDate"][:10] for each in asked)
    return [each["fromDate"][:10] for each in asked]


def test_each_day_is_asked_for_in_the_platforms_zone() -> None:
    platform = Platform(mailing_getByDate=[])

    pulled(
        platform,
        since=datetime(2026, 2, 27, 23, 30, tzinfo=UTC),
        now=datetime(2026, 3, 1, 23, 30, tzinfo=UTC),
    )

    assert spans(platform) == ["2026-02-28", "2026-03-01", "2026-03-02"]
    first = platform.asked("mailing_getByDate")[0]
    assert (first["fromDate"], first["toDate"]) == ("2026-02-28 00:00:00", "2026-02-28 23:59:59")


def test_next_pull_looks_back() -> None:
    platform = Platform(mailing_getByDate=[])
    *_, last = pulled(platform)
    platform.calls.clear()

    pulled(platform, last.checkpoint, look_back="36h")

    assert spans(platform) == ["2026-02-28", "2026-03-01", "2026-03-02"]


def test_cut_pull_goes_on_in_the_middle() -> None:
    platform = whole()
    platform.rows["mailing_getByDate"] = [mail(id=9002), mail(id=9000), mail()]
    platform.customers = {1: customer(1), 2: customer(2)}
    pages = pulled(platform)
    cut = next(page for page in pages if '"mailing":9001,"part":"open"' in page.checkpoint)
    platform.calls.clear()

    rest = pulled(platform, cut.checkpoint)

    assert spans(platform) == ["2026-03-02"]
    assert [each["id"] for each in platform.asked("mailing_getDeliverySet")] == ["9002"]
    before = [each for page in pages[: pages.index(cut) + 1] for each in page.engagements]
    after = [each for page in rest for each in page.engagements]
    assert len(before) + len(after) == 15


def test_part_that_is_gone_is_no_reason_to_leave_the_others_out() -> None:
    platform = whole()
    checkpoint = json.dumps(
        {"day": "2026-03-02", "mailing": 9001, "part": "click:1", "offset": 7, "done": False}
    )

    pages = pulled(platform, checkpoint)

    assert len([each for page in pages for each in page.engagements]) == 5


@pytest.mark.parametrize("checkpoint", ["", "x", "[]", "{}", '{"day": "2026-03-02"}'])
def test_checkpoint_of_others_counts_for_none(checkpoint: str) -> None:
    platform = Platform(mailing_getByDate=[])

    pulled(platform, checkpoint, since=MOMENT - timedelta(days=1))

    assert spans(platform) == ["2026-03-01", "2026-03-02"]


@pytest.mark.parametrize("is_done", [True, False])
def test_clock_that_was_ahead_leaves_nothing_out(is_done: bool) -> None:  # noqa: FBT001 - drawn
    platform = Platform(mailing_getByDate=[])
    place = {"day": "2999-01-01", "mailing": 0, "part": "", "offset": 0, "done": is_done}

    pulled(platform, json.dumps(place), look_back="1d")

    assert spans(platform) == ["2026-03-01", "2026-03-02"]


def test_call_names_the_mailing_by_its_number_only() -> None:
    platform = whole()

    pulled(platform)

    (opens,) = platform.asked("mailing_getOpenSet")
    (clicks,) = platform.asked("mailingLink_getClickSet")
    assert {name: opens[name] for name in opens if name != "uuid"} == {"id": "9001"}
    assert {name: clicks[name] for name in clicks if name != "uuid"} == {
        "id": "7001",
        "mailingId": "9001",
    }

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import requests

from petiole.plugins.canopydeploy.sandbox import Sandbox, running
from tests.plugins.canopydeploy.sandbox.desk import Desk, Json, read, record
from tests.plugins.canopydeploy.sandbox.soap import zeep_caller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import ZeepCaller

FIRST = 88213

Call = Mapping[str, Any]


def posted(url: str, content: Json, **headers: str) -> Json:
    answer = requests.post(url, json=content, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def engage(desk: Desk, **content: object) -> Json:
    mail = {"campaign": 4711, "content": "Spring mail"}
    return desk.control("POST", "engage", {**mail, **content})


def counts(told: Json) -> tuple[int, ...]:
    return tuple(told[each] for each in ("received", "opens", "clicks", "bounces", "complaints"))


def test_recipients_act_by_their_places(desk: Desk) -> None:
    desk.post(*(record(f"{number}") for number in range(40)))

    told = engage(desk, identifiers=[f"{number}" for number in range(40)])

    assert told["customers"] == list(range(FIRST, FIRST + 40))
    assert counts(told) == (35, 19, 9, 5, 2)


def test_recipients_do_what_they_are_told_one_by_one(desk: Desk) -> None:
    desk.post(*(record(each) for each in ("a", "b", "c", "d")))

    told = engage(
        desk,
        identifiers=["a", "b", "c", "d"],
        events=[["click", "open"], ["soft-bounce"], ["complaint"], []],
    )

    mailings = desk.platform.state.crm.mailings
    assert counts(told) == (3, 1, 1, 1, 1)
    assert {each.customer_id for each in mailings.bounces.of(told["mailing"])} == {FIRST + 1}
    assert {each.customer_id for each in mailings.complaints.of(told["mailing"])} == {FIRST + 2}


def test_one_list_is_what_everybody_does(desk: Desk) -> None:
    desk.post(record("a"), record("b"))

    assert counts(engage(desk, customers=[FIRST, FIRST + 1], events=["open"])) == (2, 2, 0, 0, 0)


def test_identifier_may_be_the_number_of_a_customer(desk: Desk) -> None:
    desk.post(record("a"))

    assert engage(desk, identifiers=[f"{FIRST}"])["customers"] == [FIRST]


def test_profile_of_a_campaign_run_becomes_a_customer(desk: Desk) -> None:
    campaigns = desk.platform.state.crm.campaigns
    campaigns.run(4711, [("identifier", "e14e"), ("status", "NEW")], waited=False)

    told = engage(desk, identifiers=["e14e"])

    (customer,) = desk.platform.state.crm.customers.all()
    assert (told["customers"], customer.options) == ([customer.id], {"identifier": "e14e"})


def test_mail_comes_to_them_again_after_it_bounced(desk: Desk) -> None:
    desk.post(record("a"))
    engage(desk, identifiers=["a"], events=["bounce"])

    assert counts(engage(desk, identifiers=["a"], events=["open"])) == (1, 1, 0, 0, 0)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "must have customers, identifiers, segment"),
        ({"customers": [FIRST], "identifiers": ["a"]}, "one of the three"),
        ({"customers": []}, "customers must be a list of integers"),
        ({"customers": [1]}, "Customer not found [1]"),
        ({"customers": [FIRST, FIRST]}, f"{FIRST} is named twice"),
        ({"identifiers": ["a", f"{FIRST}"]}, f"{FIRST} is named twice"),
        ({"identifiers": ["a", "b"]}, "nobody has the identifier b"),
        ({"identifiers": ["9" * 5000]}, "nobody has the identifier 9"),
        ({"identifiers": ["a"], "campaign": 1}, "Campaign not found [1]"),
        ({"identifiers": ["a"], "campaign": "4711"}, "campaign must be an integer"),
        ({"identifiers": ["a"], "content": ""}, "content must be a string"),
        ({"identifiers": ["a"], "events": "open"}, "events must be a list"),
        ({"identifiers": ["a"], "events": ["opne"]}, "must be a list of open, click, bounce"),
        ({"identifiers": ["a"], "events": [{}]}, "must be a list of open, click, bounce"),
        ({"identifiers": ["a"], "events": [[], []]}, "has 2 lists for 1 recipients"),
        ({"identifiers": ["a"], "events": [["open"], 3]}, "has 2 lists"),
        ({"identifiers": ["a"], "events": [["bounce", "open"]]}, "events[0]: a mail that bounces"),
        ({"identifiers": ["a"], "event": []}, "does not know event"),
    ],
)
def test_nonsense_is_answered_400_and_changes_nothing(
    desk: Desk, content: Mapping[str, object], complaint: str
) -> None:
    desk.post(record("a"))
    mail = {"campaign": 4711, "content": "Spring mail"}

    answer = desk.ask_control("POST", "engage", {**mail, **content})

    crm = desk.platform.state.crm
    assert answer.status == 400
    assert complaint in read(answer)["error"]["message"]
    assert (len(crm.customers), len(crm.mailings.where(lambda _: True))) == (1, 0)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as sandbox:
        posted(f"{sandbox.control}settings", {"soap": {"polls": 0}})
        yield sandbox


@pytest.fixture(scope="module")
def told(sandbox: Sandbox) -> Json:
    """Send profiles over the batch lane, and let their mails be acted on."""
    profiles = [record(each) for each in ("a", "b", "c")]
    posted(sandbox.rest, profiles, Authorization=f"Bearer {sandbox.token}")
    engagement = {
        "identifiers": ["a", "b", "c"],
        "campaign": 4711,
        "content": "Spring mail",
        "events": [["open", "click"], ["bounce"], ["complaint"]],
    }
    return posted(f"{sandbox.control}engage", engagement)


@pytest.fixture(scope="module")
def zeep(sandbox: Sandbox) -> ZeepCaller:
    client = zeep_caller.client_at(f"{sandbox.soap}?WSDL")
    return ZeepCaller(client, token=sandbox.token)


def rows(zeep: ZeepCaller, asked: tuple[str, Call], page: str) -> Sequence[Any]:
    """Ask for a result set and read its first page."""
    operation, arguments = asked
    resource: Any = zeep.call(operation, arguments)
    answer: Any = zeep.call(page, {"resourceId": resource["msg"], "offset": 0, "size": 50})
    (found,) = answer["msg"].values()
    return list(found)


@pytest.mark.parametrize(
    ("operation", "page", "customers"),
    [
        ("mailing_getOpenSet", "openSet_getOpens", [FIRST]),
        ("mailing_getBounceSet", "bounceSet_getBounces", [FIRST + 1]),
        ("mailing_getComplaintSet", "complaintSet_getComplaints", [FIRST + 2]),
    ],
)
def test_events_are_read_over_soap(
    zeep: ZeepCaller, told: Json, operation: str, page: str, customers: list[int]
) -> None:
    found = rows(zeep, (operation, {"mailing": {"id": told["mailing"]}}), page)

    assert [each["customerId"] for each in found] == customers


def test_clicks_are_read_over_soap_by_link(zeep: ZeepCaller, told: Json) -> None:
    asked = ("mailingLink_getClickSet", {"mailingLink": {"id": told["links"][0]}})

    (click,) = rows(zeep, asked, "clickSet_getClicks")

    assert (click["customerId"], click["link"]["description"]) == (FIRST, "Hero button")


def test_deliveries_are_read_over_soap(zeep: ZeepCaller, told: Json) -> None:
    asked = ("mailing_getDeliverySet", {"mailing": {"id": told["mailing"]}})

    found = rows(zeep, asked, "deliverySet_getDeliveries")

    assert [each["customer"]["id"] for each in found] == told["customers"]


def test_mailing_is_read_over_soap(zeep: ZeepCaller, told: Json) -> None:
    (mailing,) = rows(zeep, ("mailing_getAll", {}), "mailingSet_getMailings")

    assert (mailing["id"], mailing["contentName"], mailing["campaignId"]) == (
        told["mailing"],
        "Spring mail",
        4711,
    )

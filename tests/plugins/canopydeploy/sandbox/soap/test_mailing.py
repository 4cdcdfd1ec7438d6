import pytest

from petiole.plugins.canopydeploy.sandbox.crm import Mailing
from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller


@pytest.fixture
def played(caller: Caller) -> Mailing:
    """Send a campaign's mail to 40 customers, of whom some act."""
    ids = [caller.customer(emailAddress=f"p{number}@example.org") for number in range(40)]
    return caller.crm.play_mailing(ids, campaign_id=4711, content_name="Spring")


def size(caller: Caller, operation: str, **arguments: Argument) -> int:
    return caller.ready(caller.call(operation, **arguments).number)


def test_mailing_carries_its_counters_and_links(caller: Caller, played: Mailing) -> None:
    reply = caller.call("mailing_getById", mailingId=played.id)

    counted = ("customers", "received", "opens", "clicks", "bounces", "complaints")
    assert [reply.text(name) for name in counted] == ["40", "35", "19", "9", "5", "2"]
    assert (reply.text("campaignId"), reply.text("type")) == ("4711", "CAMPAIGN")
    assert reply.texts("links/MailingLink/description") == ["Hero button", "All offers"]


@pytest.mark.parametrize(
    ("operation", "count"),
    [
        ("mailing_getOpenSet", 19),
        ("mailing_getBounceSet", 5),
        ("mailing_getComplaintSet", 2),
        ("mailing_getDeliverySet", 40),
    ],
)
def test_events_of_a_mailing_come_as_a_set(
    caller: Caller, played: Mailing, operation: str, count: int
) -> None:
    assert size(caller, operation, mailing={"id": played.id}) == count
    assert caller.call(operation, mailing={}).fault == "213"


def test_clicks_come_by_link(caller: Caller, played: Mailing) -> None:
    counts = [
        size(caller, "mailingLink_getClickSet", mailingLink={"id": link.id})
        for link in played.links
    ]

    assert sum(counts) == 9
    assert all(counts)


@pytest.mark.parametrize(
    ("name", "first_id", "moment"),
    [
        ("open", 300_001, "openedAt"),
        ("click", 400_001, "clickedAt"),
        ("bounce", 500_001, "bouncedAt"),
    ],
)
def test_event_is_read_by_id(
    caller: Caller, played: Mailing, name: str, first_id: int, moment: str
) -> None:
    reply = caller.call(f"{name}_getById", **{f"{name}Id": first_id})

    assert reply.text("mailingId") == str(played.id)
    assert reply.text(moment) == "2026-03-02 13:00:00"
    assert caller.call(f"{name}_getById", **{f"{name}Id": 1}).fault == "213"


def test_delivery_nests_what_followed(caller: Caller, played: Mailing) -> None:
    found = caller.call("mailing_getDeliverySet", mailing={"id": played.id}).number
    caller.ready(found)

    reply = caller.call("deliverySet_getDelivery", resourceId=found, index=0)

    assert reply.text("status") == "DELIVERED"
    assert reply.text("customer/emailAddress") == "p0@example.org"
    assert reply.text("opens/Open/browserInformation/name") == "Firefox"
    assert reply.text("clicks/Click/link/description") == "Hero button"
    assert reply.text("firstClickDate") == "2026-03-02 13:00:00"
    assert not reply.texts("bounce/id")


def test_bounced_delivery_says_so(caller: Caller, played: Mailing) -> None:
    found = caller.call("mailing_getDeliverySet", mailing={"id": played.id}).number
    caller.ready(found)

    reply = caller.call("deliverySet_getDelivery", resourceId=found, index=9)

    assert (reply.text("status"), reply.text("bounce/category")) == ("BOUNCED", "HARD")
    assert reply.text("firstOpenDate") == "0000-00-00 00:00:00"


def test_mailings_are_found_by_date(caller: Caller, played: Mailing) -> None:
    def between(first: str, last: str) -> int:
        return size(caller, "mailing_getByDate", fromDate=first, toDate=last)

    assert between("2026-03-02 13:00:00", "2026-03-02 13:00:00") == 1
    assert between("2026-03-01", "2026-03-02") == 0
    assert between("2026-03-02", "2026-03-03") == 1


def test_date_that_is_none_faults(caller: Caller) -> None:
    reply = caller.call("mailing_getByDate", fromDate="yesterday", toDate="2026-03-02")

    assert (reply.fault, reply.reason) == ("105", "Invalid date [yesterday]")


def test_mailings_are_found_by_campaign_object(caller: Caller, played: Mailing) -> None:
    assert size(caller, "mailing_getByCampaignObjectId", campaignObjectId="47111") == 1
    assert size(caller, "mailing_getByCampaignObjectId", campaignObjectId="47121") == 0


def test_quick_mails_stand_apart(caller: Caller, played: Mailing) -> None:
    caller.crm.mailings.send([], content_name="Notice")
    span = {"fromDate": "2026-03-02", "toDate": "2026-03-03"}

    assert size(caller, "mailing_getAll") == 2
    assert size(caller, "mailing_getQuickmails") == 1
    assert size(caller, "mailing_getQuickmailsByDate", **span) == 1

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import Draft
from petiole.plugins.canopydeploy.sandbox.exchange import Answer, Manner
from petiole.plugins.canopydeploy.sandbox.realtime import MOUNT, MOUNTS
from tests.plugins.canopydeploy.sandbox.desk import TOKEN, Desk, record

NAMESPACE = "https://secure.myclang.com/app/api/soap/public/index.php"


def envelope(operation: str, inner: str, *, token: str = TOKEN) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="{NAMESPACE}"><uuid>{token}</uuid>{inner}</{operation}>'
        "</s:Body></s:Envelope>"
    ).encode()


def run(desk: Desk, campaign: int, *, token: str = TOKEN, **options: str) -> Answer:
    pairs = "".join(
        f"<Option><type>string</type><name>{name}</name><value>{value}</value></Option>"
        for name, value in options.items()
    )
    inner = f"<campaignId>{campaign}</campaignId><options>{pairs}</options>"
    body = envelope("campaign_executeAsync", inner, token=token)
    return desk.call("POST", MOUNT, body=body, headers={"content-type": "text/xml"})


def test_run_changes_the_profile_in_the_campaign_s_segment(desk: Desk) -> None:
    run(desk, 4711, identifier="a", identifierType="CUSTOMER_ID", status="NEW", city="Delft")
    run(desk, 4711, identifier="a", status="MODIFIED", tier="gold")
    run(desk, 4712, identifier="b", status="NEW")
    run(desk, 4712, identifier="b", status="REMOVED")

    ledger = desk.ledger()

    assert ledger["profiles"] == {"4711": {"a": {"city": "Delft", "tier": "gold"}}, "4712": {}}
    assert ledger["history"] == {"4711": {"a": 2}, "4712": {"b": 2}}


def test_ledger_names_the_operation_and_the_record(desk: Desk) -> None:
    run(desk, 4711, identifier="a", status="NEW")

    call = desk.ledger()["calls"][0]

    assert (call["path"], call["status"]) == (MOUNT, 200)
    assert (call["operation"], call["records"]) == ("campaign_executeAsync", 1)
    assert call["changes"] == [["a", "NEW"]]


@pytest.mark.parametrize(
    "options", [{"voucher": "X7"}, {"identifier": "a", "status": "GONE"}, {"status": "NEW"}]
)
def test_run_that_names_no_change_of_a_profile_changes_none(
    desk: Desk, options: dict[str, str]
) -> None:
    answer = run(desk, 4711, **options)

    call = desk.ledger()["calls"][0]
    assert answer.status == 200
    assert desk.profiles() == {}
    assert (call["records"], call["applied"], call["changes"]) == (0, 0, [])


def test_wrong_token_is_a_fault_and_changes_nothing(desk: Desk) -> None:
    answer = run(desk, 4711, token="wrong", identifier="a", status="NEW")

    assert b"<faultcode>202</faultcode>" in answer.body
    assert desk.profiles() == {}


@pytest.mark.parametrize(
    ("fault", "code", "told"),
    [("reject", {}, b"105"), ("reject", {"code": 751}, b"751"), ("refuse", {}, b"105")],
)
def test_scripted_rejection_is_a_fault_with_code_and_text_of_the_script(
    desk: Desk, fault: str, code: dict[str, int], told: bytes
) -> None:
    rule = {"fault": fault, "identifiers": ["b"], "message": "no such country", **code}
    desk.control("POST", "faults", {"rules": [rule]})

    accepted = run(desk, 4711, identifier="a", status="NEW")
    rejected = run(desk, 4711, identifier="b", status="NEW")

    assert accepted.status == 200
    assert b"<faultcode>%s</faultcode>" % told in rejected.body
    assert b"no such country" in rejected.body
    calls = desk.ledger()["calls"]
    assert [(call["fault"], call["rejected"]) for call in calls] == [(None, 0), (fault, 1)]
    assert desk.profiles() == {"4711": {"a": {}}}
    assert len(desk.platform.state.crm.campaigns.runs()) == 1


def test_run_may_be_applied_and_never_answered(desk: Desk) -> None:
    rule = {"fault": "timeout-after", "path": MOUNT, "contains": "campaign_executeAsync"}
    desk.control("POST", "faults", {"rules": [rule]})

    answer = run(desk, 4711, identifier="a", status="NEW")

    assert answer.manner is Manner.SILENCE
    assert desk.profiles() == {"4711": {"a": {}}}


def test_ledger_tells_each_run_with_its_options_in_order_where_asked(desk: Desk) -> None:
    run(desk, 4711, voucher="X7", identifier="a")
    run(desk, 4712)

    told = desk.control("GET", "ledger", runs="1")["runs"]

    assert [(each["campaign"], each["options"], each["waited"]) for each in told] == [
        (4711, [["voucher", "X7"], ["identifier", "a"]], False),
        (4712, [], False),
    ]
    assert "runs" not in desk.ledger()


def test_members_are_told(desk: Desk) -> None:
    customer = desk.platform.state.crm.customers.insert(Draft(options={"identifier": "a"})).id
    inner = f"<campaignId>4711</campaignId><customerId>{customer}</customerId>"

    desk.call("POST", MOUNT, body=envelope("campaign_addMember", inner), headers={})

    assert desk.ledger()["members"] == {"4711": [customer]}


@pytest.mark.parametrize("path", MOUNTS)
def test_interface_description_is_served_at_both_addresses(desk: Desk, path: str) -> None:
    answer = desk.call("GET", path, query={"wsdl": "", "version": "1.24"}, headers={})

    assert answer.status == 200
    assert f"http://x:1{path}".encode() in answer.body


def test_settings_of_the_soap_half_can_be_changed(desk: Desk) -> None:
    wanted = {
        "portal": "login",
        "fault_status": 200,
        "polls": 7,
        "resource_lifetime": 5,
        "page_limit": 9,
        "size_limit_bytes": 9_000,
        "nil_for_nobody": True,
        "strict": True,
    }
    desk.control("POST", "settings", {"soap": wanted})

    answer = run(desk, 4711, token="wrong")

    assert answer.status == 200
    assert b"faultcode" in answer.body
    assert desk.control("GET", "settings")["soap"] == wanted


def test_reset_forgets_customers_and_campaign_members(desk: Desk) -> None:
    customer = desk.platform.state.crm.customers.insert(Draft(options={"identifier": "a"})).id
    desk.platform.state.crm.campaigns.join(4711, customer)

    desk.control("POST", "reset")

    assert desk.ledger()["members"] == {}
    assert len(desk.platform.state.crm.customers) == 0


def test_both_lanes_cut_values_at_the_same_length(desk: Desk) -> None:
    desk.control("POST", "settings", {"option_characters": 3})

    run(desk, 4711, identifier="a", status="NEW", city="Delft")
    desk.post(record("b", city="Delft"))

    assert desk.profiles() == {"4711": {"a": {"city": "Del"}, "b": {"city": "Del"}}}

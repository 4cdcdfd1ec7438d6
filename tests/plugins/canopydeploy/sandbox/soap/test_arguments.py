from dataclasses import replace

import pytest

from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller

PAGE: dict[str, Argument] = {"resourceId": 1, "offset": 0, "size": 50}


def test_arguments_may_come_in_any_order(caller: Caller) -> None:
    reply = caller.send(
        "customer_insert", {"customer": {"firstname": "Sanne"}, "uuid": caller.token}
    )

    assert reply.text("firstname") == "Sanne"


def test_fields_may_come_in_any_order(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer={"externalId": "e-1", "firstname": "Sanne"})

    assert (reply.text("externalId"), reply.text("firstname")) == ("e-1", "Sanne")


@pytest.mark.parametrize("missing", ["offset", "size"])
def test_missing_number_faults(caller: Caller, missing: str) -> None:
    given = {name: value for name, value in PAGE.items() if name != missing}

    reply = caller.call("customerSet_getCustomers", **given)

    assert (reply.fault, reply.reason) == ("101", f"Missing argument [{missing}]")


def test_missing_text_faults(caller: Caller) -> None:
    reply = caller.call("customer_getByEmailAddress")

    assert (reply.fault, reply.reason) == ("101", "Missing argument [emailAddress]")


def test_missing_flag_faults(caller: Caller) -> None:
    assert caller.call("group_getMembers", groupId=60).fault == "101"


@pytest.mark.parametrize("text", ["one", "1.5", "1_0", "0x1", "\u0661", "9223372036854775808"])
def test_number_that_is_none_faults(caller: Caller, text: str) -> None:
    reply = caller.call("customer_getById", customerId=text)

    assert (reply.fault, reply.reason) == ("101", "Argument [customerId] must be a long")


@pytest.mark.parametrize("text", ["88213", " 88213 ", "+88213", "0088213"])
def test_number_is_read_as_the_schema_writes_it(caller: Caller, text: str) -> None:
    caller.customer()

    assert caller.call("customer_getById", customerId=text).text("id") == "88213"


@pytest.mark.parametrize("text", ["yes", "True", "2"])
def test_flag_that_is_none_faults(caller: Caller, text: str) -> None:
    reply = caller.call("group_getMembers", groupId=60, recursive=text)

    assert (reply.fault, reply.reason) == ("101", "Argument [recursive] must be a boolean")


def test_structure_where_a_text_is_due_faults(caller: Caller) -> None:
    reply = caller.call("customer_getByEmailAddress", emailAddress={"a": "b"})

    assert (reply.fault, reply.reason) == ("101", "Argument [emailAddress] must be a string")


def test_text_where_a_structure_is_due_faults(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer="Sanne")

    assert (reply.fault, reply.reason) == ("101", "Argument [customer] must be a Customer")


def test_element_that_appears_twice_faults(caller: Caller) -> None:
    reply = caller.call("customer_getById", customerId=[1, 2])

    assert (reply.fault, reply.reason) == ("101", "Element [customerId] appears twice")


def test_unknown_arguments_and_fields_are_passed_over(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer={"shoeSize": "43"}, colour="red")

    assert reply.fault is None


def test_nil_structure_is_an_empty_one(caller: Caller) -> None:
    assert caller.call("customer_insert", customer=None).fault is None
    assert caller.call("customer_update", customer=None).fault == "213"


@pytest.fixture
def strict(caller: Caller) -> Caller:
    caller.api.settings = replace(caller.api.settings, strict=True)
    return caller


def test_strict_twin_takes_what_the_schema_allows(strict: Caller) -> None:
    assert strict.call("customer_insert", customer={"firstname": "a", "city": "b"}).fault is None


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"options": {}, "campaignId": 4711}, "Elements of [campaign_execute] are out of order"),
        ({"campaignId": 4711}, "Missing argument [options]"),
        ({"campaignId": 4711, "options": {}, "colour": "red"}, "Unexpected element [colour]"),
        (
            {"campaignId": 4711, "options": {"Option": [{"value": "a", "name": "b"}]}},
            "Elements of [Option] are out of order",
        ),
        ({"campaignId": 4711, "options": {"Choice": []}}, None),
        ({"campaignId": 4711, "options": {"Choice": "a"}}, "Unexpected element [Choice]"),
        (
            {"campaignId": 4711, "options": {"Option": {"shoeSize": "43"}}},
            "Unexpected element [shoeSize]",
        ),
    ],
    ids=["order", "missing", "unknown", "field order", "empty", "item", "field"],
)
def test_strict_twin_holds_to_the_schema(
    strict: Caller, arguments: dict[str, Argument], reason: str | None
) -> None:
    reply = strict.call("campaign_execute", **arguments)

    assert (reply.reason or None) == reason

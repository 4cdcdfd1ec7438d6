from dataclasses import replace

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import Draft
from petiole.plugins.canopydeploy.sandbox.soap.facts import interfaces
from tests.plugins.canopydeploy.sandbox.soap.caller import Caller


def test_inserted_customer_comes_back_in_the_order_of_the_type(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer={"emailAddress": "sanne@example.org"})

    names = [part.name for part in interfaces()["1.24"].structures["Customer"].parts]
    assert [str(child.tag).partition("}")[2] for child in reply.msg] == names
    assert reply.text("emailAddress") == "sanne@example.org"


def test_unset_fields_are_empty_elements_and_zero_dates(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer={})

    assert reply.text("lastname") == ""
    assert reply.text("birthday") == "0000-00-00"
    assert reply.text("poBox") == "0"
    assert reply.text("createdAt") == "2026-03-02 13:00:00"
    assert reply.texts("options/CustomerOption") == []


def test_flat_fields_are_passed_over_and_an_empty_customer_appears(caller: Caller) -> None:
    reply = caller.call("customer_insert", emailAddress="sanne@example.org")

    assert reply.text("emailAddress") == ""
    assert caller.call("customer_getTotalNumberOfCustomers").number == 1


def test_flat_update_finds_nobody(caller: Caller) -> None:
    customer_id = caller.customer()

    reply = caller.call("customer_update", id=customer_id, firstname="Sanne")

    assert reply.fault == "213"


def test_custom_fields_travel_as_options(caller: Caller) -> None:
    option = {"name": "tier", "value": "gold"}

    reply = caller.call("customer_insert", customer={"options": {"CustomerOption": [option]}})

    assert reply.text("options/CustomerOption/name") == "tier"
    assert reply.text("options/CustomerOption/value") == "gold"
    assert reply.text("options/CustomerOption/customerId") == reply.text("id")


def test_unknown_customer_id_faults(caller: Caller) -> None:
    reply = caller.call("customer_getById", customerId=1)

    assert reply.fault == "213"
    assert "not found" in reply.reason


def test_missing_customer_id_faults_like_an_unknown_one(caller: Caller) -> None:
    assert caller.call("customer_getById").fault == "213"


LOOKUPS = {
    "customer_getByEmailAddress": {"emailAddress": "sanne@example.org"},
    "customer_getByExternalId": {"externalId": "e-1"},
    "customer_getByMobilePhone": {"mobilePhone": "+31600000001"},
    "customer_getByUserNameAndPassword": {"userName": "sanne", "password": "made-up"},
}


@pytest.mark.parametrize("operation", LOOKUPS)
def test_lookup_finds_every_match(caller: Caller, operation: str) -> None:
    wanted = LOOKUPS[operation]
    ids = [str(caller.customer(**wanted)) for _ in range(2)]
    caller.customer(firstname="Joris")

    assert caller.call(operation, **wanted).texts("Customer/id") == ids


@pytest.mark.parametrize("operation", LOOKUPS)
def test_lookup_that_finds_nobody_answers_an_empty_element(caller: Caller, operation: str) -> None:
    caller.customer()

    assert caller.call(operation, **LOOKUPS[operation]).is_empty


@pytest.mark.parametrize("operation", LOOKUPS)
def test_lookup_that_finds_nobody_answers_nil_on_demand(caller: Caller, operation: str) -> None:
    caller.api.settings = replace(caller.api.settings, nil_for_nobody=True)

    assert caller.call(operation, **LOOKUPS[operation]).is_nil


@pytest.mark.parametrize("operation", LOOKUPS)
def test_blank_lookup_finds_nobody(caller: Caller, operation: str) -> None:
    caller.customer()

    assert caller.call(operation, **dict.fromkeys(LOOKUPS[operation], "")).is_empty


def test_account_finds_its_customer(caller: Caller) -> None:
    account = {"network": "mastodon", "accountId": "@sanne"}
    customer_id = caller.customer(accounts={"Account": [account]})

    assert caller.call("customer_getByAccountId", **account).text("id") == str(customer_id)
    assert caller.call("customer_getByAccountId", network="x", accountId="@sanne").fault == "213"


def test_update_leaves_nil_and_absent_fields_and_empties_empty_ones(caller: Caller) -> None:
    customer_id = caller.customer(firstname="Sanne", lastname="de Vries", city="Delft")

    reply = caller.call(
        "customer_update", customer={"id": customer_id, "firstname": None, "lastname": ""}
    )

    assert (reply.text("firstname"), reply.text("lastname"), reply.text("city")) == (
        "Sanne",
        "",
        "Delft",
    )


@pytest.mark.parametrize("customer", [{}, {"id": 1}, {"id": None}, {"id": ""}], ids=str)
def test_update_of_nobody_faults(caller: Caller, customer: dict[str, int | None]) -> None:
    caller.customer()

    assert caller.call("customer_update", customer=customer).fault == "213"


def test_upsert_inserts_without_an_id_and_updates_with_one(caller: Caller) -> None:
    first = caller.call("customer_upsert", customer={"firstname": "Sanne"}).text("id")

    second = caller.call("customer_upsert", customer={"id": first, "firstname": "Joris"})

    assert (second.text("id"), second.text("firstname")) == (first, "Joris")
    assert caller.call("customer_getTotalNumberOfCustomers").number == 1


def test_value_outside_the_choices_faults(caller: Caller) -> None:
    reply = caller.call("customer_insert", customer={"gender": "V"})

    assert (reply.fault, reply.reason) == ("105", "Invalid value [V] for field gender")


def test_unique_insert_updates_the_match(caller: Caller) -> None:
    customer_id = caller.customer(emailAddress="sanne@example.org", firstname="Sanne")

    reply = caller.call(
        "customer_insertUnique",
        customer={"emailAddress": "sanne@example.org", "city": "Delft"},
        uniqueCustomerFields={"string": ["emailAddress"]},
        uniqueOptionFields={},
    )

    assert (reply.text("id"), reply.text("firstname"), reply.text("city")) == (
        str(customer_id),
        "Sanne",
        "Delft",
    )


def test_unique_insert_counts_options_too(caller: Caller) -> None:
    def insert(key: str) -> str:
        options = {"CustomerOption": [{"name": "key", "value": key}]}
        return caller.call(
            "customer_insertUnique",
            customer={"options": options},
            uniqueCustomerFields={},
            uniqueOptionFields={"string": ["key"]},
        ).text("id")

    assert insert("a") == insert("a") != insert("b")


def test_unique_insert_takes_blank_values_for_no_match(caller: Caller) -> None:
    caller.customer()

    caller.call(
        "customer_insertUnique",
        customer={"firstname": "Joris"},
        uniqueCustomerFields={"string": ["emailAddress"]},
        uniqueOptionFields={},
    )

    assert caller.call("customer_getTotalNumberOfCustomers").number == 2


def test_unique_insert_refuses_an_unknown_field(caller: Caller) -> None:
    reply = caller.call(
        "customer_insertUnique",
        customer={},
        uniqueCustomerFields={"string": ["shoeSize"]},
        uniqueOptionFields={},
    )

    assert (reply.fault, reply.reason) == ("105", "Unknown customer field [shoeSize]")


def test_bulk_insert_answers_in_order_and_folds_the_equal(caller: Caller) -> None:
    customers = [{"externalId": "e-1"}, {"externalId": "e-2"}, {"externalId": "e-1"}]

    reply = caller.call(
        "customer_insertBulkUnique",
        customers={"Customer": customers},
        uniqueCustomerFields={"string": ["externalId"]},
        uniqueOptionFields={},
    )

    first, second, third = reply.texts("Customer/id")
    assert first == third != second


def test_deletion_answers_whether_there_was_someone(caller: Caller) -> None:
    customer_id = caller.customer()

    assert caller.call("customer_delete", customer={"id": customer_id}).value == "true"
    assert caller.call("customer_delete", customer={"id": customer_id}).value == "false"
    assert caller.call("customer_getById", customerId=customer_id).fault == "213"


def test_template_has_defaults_and_stores_nothing(caller: Caller) -> None:
    reply = caller.call("customer_create")

    assert (reply.text("id"), reply.text("emailType")) == ("", "MULTIPART")
    assert caller.call("customer_getTotalNumberOfCustomers").number == 0


def test_groups_of_a_customer_are_listed(caller: Caller) -> None:
    customer_id = caller.customer()
    assert caller.call("customer_getGroups", customerId=customer_id).is_empty

    caller.call("group_addMember", group={"id": 60}, customer={"id": customer_id})

    assert caller.call("customer_getGroups", customerId=customer_id).texts("Group/id") == ["60"]


def test_object_finds_all_that_equal_it(caller: Caller) -> None:
    option = {"CustomerOption": [{"name": "tier", "value": "gold"}]}
    wanted = caller.customer(lastname="de Vries", options=option)
    caller.customer(lastname="de Vries")
    caller.customer(lastname="Bakker", options=option)

    found = caller.call(
        "customer_getByObject", customer={"lastname": "de Vries", "city": "", "options": option}
    ).number

    assert caller.ready(found) == 1
    page = caller.call("customerSet_getCustomers", resourceId=found, offset=0, size=50)
    assert page.texts("Customer/id") == [str(wanted)]


def test_empty_object_ends_in_an_error(caller: Caller) -> None:
    caller.api.settings = replace(caller.api.settings, polls=0)

    found = caller.call("customer_getByObject", customer={"lastname": ""}).number

    assert caller.call("resource_getById", resourceId=found).text("status") == "ERROR"
    page = caller.call("customerSet_getCustomers", resourceId=found, offset=0, size=50)
    assert page.fault == "105"


def test_everybody_is_found(caller: Caller) -> None:
    ids = [str(caller.customer()) for _ in range(3)]

    found = caller.call("customer_getAll").number

    assert caller.ready(found) == 3
    page = caller.call("customerSet_getCustomerIds", resourceId=found, offset=0, size=50)
    assert page.texts("integer") == ids


def test_text_that_xml_cannot_carry_does_not_break_the_answer(caller: Caller) -> None:
    customer_id = caller.crm.customers.insert(Draft(options={"key": "a\x00b"})).id

    reply = caller.call("customer_getById", customerId=customer_id)

    assert reply.text("options/CustomerOption/value") == "a?b"

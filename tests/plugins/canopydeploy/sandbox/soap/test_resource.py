from dataclasses import replace
from datetime import timedelta

import pytest

from tests.plugins.canopydeploy.sandbox.soap.caller import OTHER_TOKEN, Caller


@pytest.fixture
def found(caller: Caller) -> int:
    """Make a set of 60 customers."""
    for number in range(60):
        caller.customer(externalId=str(number))
    return caller.call("customer_getAll").number


def status(caller: Caller, resource_id: int) -> str:
    return caller.call("resource_getById", resourceId=resource_id).text("status")


def page(caller: Caller, resource_id: int, offset: int, size: int) -> list[str]:
    return caller.call(
        "customerSet_getCustomers", resourceId=resource_id, offset=offset, size=size
    ).texts("Customer/externalId")


def test_set_is_processed_for_some_polls(caller: Caller, found: int) -> None:
    told = [caller.call("resource_getById", resourceId=found) for _ in range(4)]

    assert [reply.text("status") for reply in told] == [
        "PROCESSING",
        "PROCESSING",
        "READY",
        "READY",
    ]
    assert [reply.text("size") for reply in told] == ["0", "0", "60", "60"]
    assert {reply.text("type") for reply in told} == {"CUSTOMER_SET"}


def test_set_is_ready_at_once_on_demand(caller: Caller) -> None:
    caller.api.settings = replace(caller.api.settings, polls=0)

    found = caller.call("customer_getAll").number

    assert status(caller, found) == "READY"


def test_pages_cover_the_set_once(caller: Caller, found: int) -> None:
    caller.ready(found)

    pages = [page(caller, found, offset, 50) for offset in (0, 50, 100)]

    assert [len(each) for each in pages] == [50, 10, 0]
    assert pages[0] + pages[1] == [str(number) for number in range(60)]


@pytest.mark.parametrize("size", [0, 51, -1])
def test_page_size_outside_the_limits_faults_in_known_words(
    caller: Caller, found: int, size: int
) -> None:
    caller.ready(found)

    reply = caller.call("customerSet_getCustomers", resourceId=found, offset=0, size=size)

    assert (reply.fault, reply.reason) == ("105", "Size must be between 1 and 50")


def test_negative_offset_faults(caller: Caller, found: int) -> None:
    caller.ready(found)

    reply = caller.call("customerSet_getCustomers", resourceId=found, offset=-1, size=1)

    assert reply.fault == "105"


def test_single_record_is_read_by_index(caller: Caller, found: int) -> None:
    caller.ready(found)

    reply = caller.call("customerSet_getCustomer", resourceId=found, index=59)

    assert reply.text("externalId") == "59"


@pytest.mark.parametrize("index", [60, -1])
def test_index_outside_the_set_faults(caller: Caller, found: int, index: int) -> None:
    caller.ready(found)

    assert caller.call("customerSet_getCustomer", resourceId=found, index=index).fault == "213"


def test_set_cannot_be_read_before_it_is_ready(caller: Caller, found: int) -> None:
    reply = caller.call("customerSet_getCustomers", resourceId=found, offset=0, size=50)

    assert (reply.fault, reply.reason) == ("105", f"Resource [{found}] is PROCESSING")


def test_set_of_another_token_does_not_exist(caller: Caller, found: int) -> None:
    caller.token = OTHER_TOKEN

    assert caller.call("resource_getById", resourceId=found).fault == "213"
    assert caller.call("resource_free", resourceId=found).fault == "213"


def test_set_of_another_kind_does_not_exist(caller: Caller, found: int) -> None:
    caller.ready(found)

    assert caller.call("openSet_getOpens", resourceId=found, offset=0, size=50).fault == "213"


def test_freed_set_is_closed(caller: Caller, found: int) -> None:
    caller.ready(found)

    freed = [caller.call("resource_free", resourceId=found).value for _ in range(2)]

    assert freed == ["true", "false"]
    assert status(caller, found) == "CLOSED"
    reply = caller.call("customerSet_getCustomers", resourceId=found, offset=0, size=50)
    assert reply.fault == "105"


def test_set_lives_an_hour(caller: Caller, found: int) -> None:
    caller.ready(found)

    caller.hands.turn(timedelta(minutes=59))
    just_before = status(caller, found)
    caller.hands.turn(timedelta(minutes=1))

    assert (just_before, status(caller, found)) == ("READY", "CLOSED")


def test_set_is_a_snapshot(caller: Caller, found: int) -> None:
    caller.call("customer_update", customer={"id": 88213, "externalId": "changed"})
    caller.call("customer_delete", customer={"id": 88214})
    caller.customer(externalId="late")

    caller.ready(found)

    assert page(caller, found, 0, 2) == ["0", "1"]
    assert page(caller, found, 59, 50) == ["59"]


def test_unknown_set_faults(caller: Caller) -> None:
    assert caller.call("resource_getById", resourceId=1).fault == "213"

from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller

ROOT = {"id": 60}


def insert(caller: Caller, **fields: str | int) -> int:
    return int(caller.call("group_insert", group=fields).text("id"))


def test_group_is_stored_below_its_parent(caller: Caller) -> None:
    group_id = insert(caller, name="Readers", parentId=60)

    reply = caller.call("group_getById", groupId=group_id)

    assert (reply.text("name"), reply.text("parentId")) == ("Readers", "60")
    assert caller.call("group_getChildren", group=ROOT).texts("Group/id") == [str(group_id)]
    assert caller.call("group_getParent", group={"id": group_id}).text("id") == "60"


def test_root_has_no_parent(caller: Caller) -> None:
    assert caller.call("group_getById", groupId=60).text("parentId") == "0"
    assert caller.call("group_getParent", group=ROOT).fault == "213"


def test_unknown_group_faults(caller: Caller) -> None:
    assert caller.call("group_getById", groupId=1).fault == "213"
    assert caller.call("group_addMember", group={"id": 1}, customer={"id": 1}).fault == "213"


def test_second_membership_faults_with_words_that_clients_search_for(caller: Caller) -> None:
    customer_id = caller.customer()
    assert caller.call("group_addMember", group=ROOT, customer={"id": customer_id}).value == "true"

    reply = caller.call("group_addMember", group=ROOT, customer={"id": customer_id})

    assert b"<faultcode>107</faultcode>" in reply.answer.body
    assert "customer already member of" in reply.reason


def test_unknown_customer_cannot_become_a_member(caller: Caller) -> None:
    assert caller.call("group_addMember", group=ROOT, customer={"id": 1}).fault == "213"


def test_membership_tells_since_when(caller: Caller) -> None:
    customer_id = caller.customer()
    asked: dict[str, Argument] = {
        "groupId": 60,
        "customerId": customer_id,
        "includeSubGroups": "false",
    }
    before = caller.call("group_hasMember", **asked)

    caller.call("group_addMember", group=ROOT, customer={"id": customer_id})
    after = caller.call("group_hasMember", **asked)

    assert (before.text("isMember"), before.text("startedAt")) == ("false", "0000-00-00 00:00:00")
    assert (after.text("isMember"), after.text("startedAt")) == ("true", "2026-03-02 13:00:00")


def test_membership_below_counts_only_on_demand(caller: Caller) -> None:
    child, customer_id = insert(caller, name="Readers", parentId=60), caller.customer()
    caller.call("group_addMember", group={"id": child}, customer={"id": customer_id})

    def is_member(include: str) -> str:
        return caller.call(
            "group_hasMember", groupId=60, customerId=customer_id, includeSubGroups=include
        ).text("isMember")

    assert (is_member("0"), is_member("1")) == ("false", "true")


def test_bulk_passes_over_who_is_a_member(caller: Caller) -> None:
    first, second = caller.customer(), caller.customer()
    caller.call("group_addMember", group=ROOT, customer={"id": first})

    reply = caller.call(
        "group_addMembersInBulk",
        group=ROOT,
        customers={"Customer": [{"id": first}, {"id": second}]},
    )

    assert reply.value == "true"
    assert caller.call("group_getById", groupId=60).text("customerCount") == "2"


def test_bulk_with_a_stranger_changes_nothing(caller: Caller) -> None:
    first = caller.customer()

    reply = caller.call(
        "group_addMembersInBulk", group=ROOT, customers={"Customer": [{"id": first}, {"id": 1}]}
    )

    assert reply.fault == "213"
    assert caller.call("group_getById", groupId=60).text("customerCount") == "0"


def test_removal_answers_whether_there_was_a_membership(caller: Caller) -> None:
    customer_id = caller.customer()
    member = {"group": ROOT, "customer": {"id": customer_id}}
    caller.call("group_addMember", **member)

    assert caller.call("group_removeMember", **member).value == "true"
    assert caller.call("group_removeMember", **member).value == "false"


def test_members_come_as_a_set(caller: Caller) -> None:
    child = insert(caller, name="Readers", parentId=60)
    above, below = caller.customer(), caller.customer()
    caller.call("group_addMember", group=ROOT, customer={"id": above})
    caller.call("group_addMember", group={"id": child}, customer={"id": below})

    own = caller.call("group_getMembers", groupId=60, recursive="false").number
    all_of_them = caller.call("group_getMembers", groupId=60, recursive="true").number

    assert (caller.ready(own), caller.ready(all_of_them)) == (1, 2)


def test_group_is_changed_and_moved(caller: Caller) -> None:
    first, second = insert(caller, name="First"), insert(caller, name="Second")

    caller.call("group_update", group={"id": second, "description": "Two"})
    caller.call("group_upsert", group={"id": second, "name": "Zwei"})
    reply = caller.call("group_move", group={"id": second}, newParentId=first)

    assert (reply.text("name"), reply.text("description")) == ("Zwei", "Two")
    assert reply.text("parentId") == str(first)


def test_upsert_without_an_id_inserts(caller: Caller) -> None:
    assert caller.call("group_upsert", group={"name": "New"}).text("id") != "60"


def test_nameless_group_faults(caller: Caller) -> None:
    assert caller.call("group_insert", group={}).fault == "105"


def test_object_finds_by_name(caller: Caller) -> None:
    insert(caller, name="Readers")

    assert caller.call("group_getByObject", group={"name": "test"}).texts("Group/id") == ["60"]
    assert caller.call("group_getByObject", group={"name": "nobody"}).is_empty


def test_deletion_answers_whether_there_was_a_group(caller: Caller) -> None:
    group_id = insert(caller, name="Readers")

    assert caller.call("group_delete", groupId=group_id).value == "true"
    assert caller.call("group_delete", groupId=group_id).value == "false"
    assert caller.call("group_getAll").texts("Group/id") == ["60"]


def test_template_stores_nothing(caller: Caller) -> None:
    assert caller.call("group_create").text("name") == ""
    assert caller.call("group_getAll").texts("Group/id") == ["60"]


def test_calculation_dates_the_counts(caller: Caller) -> None:
    assert caller.call("group_calculate").value == "true"

    assert caller.call("group_getById", groupId=60).text("countDate") == "2026-03-02 13:00:00"

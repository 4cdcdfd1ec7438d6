from datetime import timedelta

import pytest

from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller

CONTENT = {"type": "MULTIPART", "name": "Spring", "subject": "Hello", "htmlContent": "<b>Hi</b>"}
NO_OPTIONS: dict[str, Argument] = {"manualOptions": {}, "options": {}}


def insert(caller: Caller, **fields: str) -> int:
    return int(caller.call("email_insert", email={**CONTENT, **fields}).text("id"))


def test_email_is_stored(caller: Caller) -> None:
    email_id = insert(caller)

    reply = caller.call("email_getById", emailId=email_id)

    assert (reply.text("name"), reply.text("htmlContent")) == ("Spring", "<b>Hi</b>")
    assert caller.call("email_getById", emailId=1).fault == "213"


def test_untyped_email_faults_in_known_words(caller: Caller) -> None:
    reply = caller.call("email_insert", email={})

    assert (reply.fault, reply.reason) == ("105", "Undefined mailtype ()")


def test_template_has_a_type_but_no_name(caller: Caller) -> None:
    template = caller.call("email_create")
    reply = caller.call("email_insert", email={"type": template.text("type")})

    assert (reply.fault, reply.reason) == ("751", "invalid content name []")
    assert caller.call("email_getAll").is_empty


def test_blocks_are_kept(caller: Caller) -> None:
    block: Argument = {"id": 1, "name": "Hero", "content": "<p>Spring</p>"}
    container: Argument = {
        "id": 2,
        "name": "Top",
        "type": "HTML",
        "blocks": {"EmailBlock": [block]},
    }

    reply = caller.call(
        "email_insert", email={**CONTENT, "htmlBlocks": {"EmailBlockContainer": [container]}}
    )

    assert reply.text("htmlBlocks/EmailBlockContainer/name") == "Top"
    assert reply.text("htmlBlocks/EmailBlockContainer/blocks/EmailBlock/content") == "<p>Spring</p>"


def test_update_keeps_what_is_not_named(caller: Caller) -> None:
    email_id = insert(caller)

    reply = caller.call("email_update", email={"id": email_id, "subject": "Bye"})

    assert (reply.text("name"), reply.text("subject")) == ("Spring", "Bye")
    assert caller.call("email_update", email={"subject": "Bye"}).fault == "213"


def test_upsert_inserts_without_an_id_and_updates_with_one(caller: Caller) -> None:
    first = caller.call("email_upsert", email=CONTENT).text("id")

    second = caller.call("email_upsert", email={"id": first, "name": "Autumn"})

    assert (second.text("id"), second.text("name")) == (first, "Autumn")


def test_object_finds_by_name(caller: Caller) -> None:
    email_id = insert(caller)
    insert(caller, name="Autumn")

    found = caller.call("email_getByObject", email={"name": "Spring"})

    assert found.texts("Email/id") == [str(email_id)]
    assert caller.call("email_getByObject", email={"name": "Winter"}).is_empty


def test_deletion_answers_whether_there_was_one(caller: Caller) -> None:
    email_id = insert(caller)

    assert caller.call("email_delete", emailId=email_id).value == "true"
    assert caller.call("email_delete", emailId=email_id).value == "false"


def test_sending_makes_a_quick_mail(caller: Caller) -> None:
    email_id = insert(caller)
    customer_id = caller.customer(emailAddress="sanne@example.org")
    options = {"Option": [{"name": "description", "value": "A test"}]}

    reply = caller.call(
        "email_sendToCustomer",
        emailId=email_id,
        customerId=customer_id,
        manualOptions={},
        options=options,
    )

    (mailing,) = caller.crm.mailings.where(lambda _: True)
    assert reply.value == "true"
    assert (mailing.content_name, mailing.description) == ("Spring", "A test")
    assert caller.crm.mailings.recipients(mailing.id) == (customer_id,)


def test_accepted_does_not_mean_delivered(caller: Caller) -> None:
    email_id, customer_id = insert(caller), caller.customer()

    reply = caller.call(
        "email_sendToCustomer", emailId=email_id, customerId=customer_id, **NO_OPTIONS
    )

    (mailing,) = caller.crm.mailings.where(lambda _: True)
    assert reply.value == "true"
    assert not caller.crm.mailings.recipients(mailing.id)


def test_options_may_be_left_out(caller: Caller) -> None:
    email_id, customer_id = insert(caller), caller.customer()

    reply = caller.call("email_sendToCustomer", emailId=email_id, customerId=customer_id)

    assert reply.value == "true"


def test_audiences_are_mailed(caller: Caller) -> None:
    email_id = insert(caller)
    first, second = (caller.customer(emailAddress=f"p{n}@example.org") for n in range(2))
    caller.call("group_addMember", group={"id": 60}, customer={"id": first})

    caller.call(
        "email_sendToCustomers",
        emailId=email_id,
        customerIds={"integer": [first, second]},
        **NO_OPTIONS,
    )
    caller.call("email_sendToGroup", emailId=email_id, groupId=60, **NO_OPTIONS)
    caller.call("email_sendToProfile", emailId=email_id, profileId=1, **NO_OPTIONS)

    sent = [
        caller.crm.mailings.recipients(mailing.id)
        for mailing in caller.crm.mailings.where(lambda _: True)
    ]
    assert sent == [(first, second), (first,), (first, second)]


@pytest.mark.parametrize(
    ("audience", "target"),
    [("Customer", "customerId"), ("Group", "groupId"), ("Profile", "profileId")],
)
def test_unknown_audience_faults(caller: Caller, audience: str, target: str) -> None:
    email_id = insert(caller)

    reply = caller.call(f"email_sendTo{audience}", emailId=email_id, **{target: 999}, **NO_OPTIONS)

    assert reply.fault == "213"
    assert not caller.crm.mailings.where(lambda _: True)


def test_unknown_email_is_not_sent(caller: Caller) -> None:
    reply = caller.call(
        "email_sendToCustomer", emailId=1, customerId=caller.customer(), **NO_OPTIONS
    )

    assert reply.fault == "213"


def test_change_after_the_sending_is_told(caller: Caller) -> None:
    email_id = insert(caller)
    caller.call("email_sendToGroup", emailId=email_id, groupId=60, **NO_OPTIONS)
    before = caller.call("email_hasChanged", broadcastId=9001).value

    caller.hands.turn(timedelta(seconds=1))
    caller.call("email_update", email={"id": email_id, "subject": "Bye"})

    assert (before, caller.call("email_hasChanged", broadcastId=9001).value) == ("false", "true")
    assert caller.call("email_hasChanged", broadcastId=1).fault == "213"


def test_options_are_listed_per_method(caller: Caller) -> None:
    reply = caller.call("email_listOptions")

    assert "email_sendToGroup" in reply.texts("MethodOptions/method")
    assert set(reply.texts("MethodOptions/options/Option/name")) == {"description"}

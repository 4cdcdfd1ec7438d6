"""`email_*`: contents, and sending one to somebody.

The faults of `email_insert` and that `true` from a sending means no more than *accepted* are known
from public clients' tests. Assumed: a profile is a selection of customers kept in the portal, of
which there is one, and the send option `description` becomes the mailing's.
"""

from collections.abc import Sequence

from petiole.plugins.canopydeploy.sandbox.crm import Customer, NotFound
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.values import Record, Value, matches, text_in
from petiole.plugins.canopydeploy.sandbox.soap.wire.email import (
    email_template,
    read_email,
    write_email,
)

EVERYONE_PROFILE_ID = 1
"""The one selection: everyone who opted in."""

_SEND_METHODS = (
    "email_sendToCustomer",
    "email_sendToCustomers",
    "email_sendToGroup",
    "email_sendToProfile",
)


def create(call: Call) -> Value:
    """Answer an empty e-mail; nothing is stored."""
    del call
    return email_template()


def insert(call: Call) -> Value:
    """Store a new e-mail."""
    return write_email(call.crm.emails.insert(read_email(call.record("email"))))


def update(call: Call) -> Value:
    """Change the e-mail whose id is in the object."""
    return write_email(call.crm.emails.update(read_email(call.record("email"))))


def upsert(call: Call) -> Value:
    """Update where the object has an id, else insert."""
    draft, emails = read_email(call.record("email")), call.crm.emails
    return write_email(emails.update(draft) if draft.id else emails.insert(draft))


def delete(call: Call) -> Value:
    """Remove an e-mail."""
    return call.crm.emails.delete(call.number("emailId"))


def get_by_id(call: Call) -> Value:
    """Answer one e-mail."""
    return write_email(call.crm.emails.get(call.id("emailId")))


def get_by_object(call: Call) -> Value:
    """Answer all that equal the object in every filled field."""
    wanted = call.record("email")
    rows = call.crm.emails.where(lambda row: matches(wanted, write_email(row)))
    return [write_email(row) for row in rows]


def get_all(call: Call) -> Value:
    """Answer all."""
    return [write_email(row) for row in call.crm.emails.where(lambda _: True)]


def has_changed(call: Call) -> Value:
    """Tell whether an e-mail was changed since the mailing that sent it."""
    mailing = call.crm.mailings.get(call.id("broadcastId"))
    rows = call.crm.emails.where(lambda row: row.id == mailing.email_id)
    return any(row.modified_at > mailing.started_at for row in rows)


def list_options(call: Call) -> Value:
    """Tell which options each sending takes."""
    del call
    option: Record = {"type": "string", "name": "description", "value": ""}
    return [{"method": method, "options": [option]} for method in _SEND_METHODS]


def send_to_customer(call: Call) -> Value:
    """Send an e-mail to one customer."""
    customer = call.crm.customers.get(call.id("customerId"))
    return _send(call, [customer], source=("CUSTOMER", str(customer.id)))


def send_to_customers(call: Call) -> Value:
    """Send an e-mail to several customers; all must exist."""
    rows = [call.crm.customers.get(each) for each in call.numbers("customerIds")]
    return _send(call, rows, source=("CUSTOMERS", ""))


def send_to_group(call: Call) -> Value:
    """Send an e-mail to the direct members of a group."""
    group = call.crm.groups.get(call.id("groupId"))
    rows = call.crm.customers.present(call.crm.groups.members(group.id))
    return _send(call, rows, source=("GROUP", group.name))


def send_to_profile(call: Call) -> Value:
    """Send an e-mail to a selection."""
    if (profile_id := call.id("profileId")) != EVERYONE_PROFILE_ID:
        raise NotFound("Profile", profile_id)
    rows = call.crm.customers.where(lambda row: row.text("optIn") == "Y")
    return _send(call, rows, source=("PROFILE", "Everyone who opted in"))


def _send(call: Call, rows: Sequence[Customer], *, source: tuple[str, str]) -> bool:
    email = call.crm.emails.get(call.id("emailId"))
    options = {text_in(each, "name"): text_in(each, "value") for each in call.records("options")}
    call.crm.mailings.send(
        [row.id for row in rows],
        content_name=email.text("name"),
        source=source,
        email_id=email.id,
        description=options.get("description", ""),
    )
    return True


OPERATIONS: Operations = {
    "email_create": create,
    "email_delete": delete,
    "email_getAll": get_all,
    "email_getById": get_by_id,
    "email_getByObject": get_by_object,
    "email_hasChanged": has_changed,
    "email_insert": insert,
    "email_listOptions": list_options,
    "email_sendToCustomer": send_to_customer,
    "email_sendToCustomers": send_to_customers,
    "email_sendToGroup": send_to_group,
    "email_sendToProfile": send_to_profile,
    "email_update": update,
    "email_upsert": upsert,
}

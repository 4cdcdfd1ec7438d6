"""`campaign_*`: what can be started, who is in it, and the starting itself.

Signatures are documented by the vendor, the behaviour is assumed: an option of the list holds the
name and, as its value, the id; a run that waits answers no options; a second membership faults 107
like a group's.
"""

from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType
from petiole.plugins.canopydeploy.sandbox.soap.values import Value, text_in
from petiole.plugins.canopydeploy.sandbox.soap.wire.customer import write_customer


def get_all_executable(call: Call) -> Value:
    """List the campaigns that the API can start."""
    return [
        {"type": "string", "name": row.name, "value": str(row.id)}
        for row in call.crm.campaigns.executable()
    ]


def execute(call: Call) -> Value:
    """Start a campaign and wait; a boolean before version 1.22, since then the flow's options."""
    _run(call, waited=True)
    return True if call.signature.answer == "boolean" else []


def execute_async(call: Call) -> Value:
    """Start a campaign."""
    _run(call, waited=False)
    return True


def add_member(call: Call) -> Value:
    """Put a customer into a campaign."""
    customer = call.crm.customers.get(call.id("customerId"))
    call.crm.campaigns.join(call.id("campaignId"), customer.id)
    call.changes.append((str(customer.id), "NEW"))
    return True


def remove_member(call: Call) -> Value:
    """Take a customer out of a campaign; False if they were not in it."""
    customer = call.crm.customers.get(call.id("customerId"))
    left = call.crm.campaigns.leave(call.id("campaignId"), customer.id)
    if left:
        call.changes.append((str(customer.id), "REMOVED"))
    return left


def has_member(call: Call) -> Value:
    """Tell whether a customer is in a campaign."""
    customer = call.crm.customers.get(call.id("customerId"))
    return call.crm.campaigns.has(call.id("campaignId"), customer.id)


def get_members(call: Call) -> Value:
    """Make a set of the customers in a campaign."""
    rows = call.crm.customers.present(call.crm.campaigns.members(call.id("campaignId")))
    return call.result_set(rows, kind=ResourceType.CUSTOMERS, encode=write_customer)


def _run(call: Call, *, waited: bool) -> None:
    options = [(text_in(each, "name"), text_in(each, "value")) for each in call.records("options")]
    call.crm.campaigns.run(call.id("campaignId"), options, waited=waited)


OPERATIONS: Operations = {
    "campaign_addMember": add_member,
    "campaign_execute": execute,
    "campaign_executeAsync": execute_async,
    "campaign_getAllExecutable": get_all_executable,
    "campaign_getMembers": get_members,
    "campaign_hasMember": has_member,
    "campaign_removeMember": remove_member,
}

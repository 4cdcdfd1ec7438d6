"""`campaignStatistics_*` and `campaignObjectStatistics*_*`: a campaign in numbers.

Signatures are documented by the vendor. Assumed: a campaign's customers are its members, each has
one object that sends its mails, and an option of that object is named by its event.
"""

from collections.abc import Callable, Iterable, Mapping

from petiole.plugins.canopydeploy.sandbox.crm import Campaign, Customer, NotFound
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType
from petiole.plugins.canopydeploy.sandbox.soap.values import Value
from petiole.plugins.canopydeploy.sandbox.soap.wire.customer import write_customer


def get_by_campaign_id(call: Call) -> Value:
    """Count the customers of a campaign."""
    rows = _members(call)
    return {
        "smsableCustomers": sum(
            bool(row.text("mobilePhone")) and row.text("smsOptIn") == "Y" for row in rows
        ),
        "uniqueCustomers": len(rows),
        "mailableCustomers": sum(row.mailable for row in rows),
        "uniqueEmailAddresses": len({row.text("emailAddress") for row in rows} - {""}),
        "uniqueMobilePhoneNumbers": len({row.text("mobilePhone") for row in rows} - {""}),
    }


def get_customer_set(call: Call) -> Value:
    """Make a set of the customers of a campaign."""
    return call.result_set(_members(call), kind=ResourceType.CUSTOMERS, encode=write_customer)


def get_by_campaign_object_id(call: Call) -> Value:
    """Count what happened to the mails of a campaign's object."""
    campaign = _campaign_of(call, call.text("campaignObjectId"))
    return {
        "campaignId": campaign.id,
        "campaignObjectId": campaign.object_id,
        "options": [
            {
                "id": f"{campaign.object_id}-{name}",
                "name": name,
                "value": str(len(customer_ids)),
                "hasCustomerSet": True,
            }
            for name, customer_ids in _actors(call, campaign).items()
        ],
    }


def get_option_customer_set(call: Call) -> Value:
    """Make a set of the customers whom one of those numbers counts."""
    wanted = call.text("campaignObjectStatisiticsOptionId")
    object_id, _, name = wanted.partition("-")
    actors = _actors(call, _campaign_of(call, object_id))
    if name not in actors:
        raise NotFound("Campaign object statistics option", wanted)
    rows = call.crm.customers.present(sorted(actors[name]))
    return call.result_set(rows, kind=ResourceType.CUSTOMERS, encode=write_customer)


def _members(call: Call) -> list[Customer]:
    return list(call.crm.customers.present(call.crm.campaigns.members(call.id("campaignId"))))


def _campaign_of(call: Call, object_id: str) -> Campaign:
    for campaign in call.crm.campaigns.all():
        if str(campaign.object_id) == object_id:
            return campaign
    raise NotFound("Campaign object", object_id)


def _actors(call: Call, campaign: Campaign) -> Mapping[str, set[int]]:
    """Tell the customers behind every number, by its name."""
    mailings = call.crm.mailings
    sent = [row.id for row in mailings.where(lambda row: row.object_id == campaign.object_id)]
    kinds: Mapping[str, Callable[[int], Iterable[int]]] = {
        "deliveries": mailings.recipients,
        "opens": mailings.opens.customer_ids,
        "clicks": mailings.clicks.customer_ids,
        "bounces": mailings.bounces.customer_ids,
        "complaints": mailings.complaints.customer_ids,
    }
    return {
        name: {customer_id for mailing_id in sent for customer_id in customers_of(mailing_id)}
        for name, customers_of in kinds.items()
    }


OPERATIONS: Operations = {
    "campaignObjectStatisticsOption_getCustomerSet": get_option_customer_set,
    "campaignObjectStatistics_getByCampaignObjectId": get_by_campaign_object_id,
    "campaignStatistics_getByCampaignId": get_by_campaign_id,
    "campaignStatistics_getCustomerSet": get_customer_set,
}

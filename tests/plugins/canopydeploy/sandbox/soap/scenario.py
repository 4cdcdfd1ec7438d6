"""A walk through every behaving operation, with ids that follow from the order of the steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from petiole.plugins.canopydeploy.sandbox.crm import Crm, Draft
from tests.plugins.canopydeploy.sandbox.soap.caller import Argument

FIRST, SECOND, THIRD, BULK = 88223, 88224, 88225, 88226
"""Customers, after the ten to whom `prepare` sends a mailing."""

MAILING, LINK = 9001, 7001
ALL: dict[str, Argument] = {"offset": 0, "size": 50}
SANNE: dict[str, Argument] = {
    "emailAddress": "sanne.devries@example.org",
    "externalId": "e-1",
    "mobilePhone": "+31600000001",
    "userName": "sanne",
    "password": "made-up",
    "lastname": "de Vries",
    "birthday": "1990-02-28",
    "accounts": {"Account": [{"network": "mastodon", "accountId": "@sanne"}]},
    "options": {
        "CustomerOption": [
            {"name": "tier", "value": "gold"},
            {"name": "city", "value": "\u2019s-Hertogenbosch & more"},
        ]
    },
}
CONTENT: dict[str, Argument] = {
    "type": "MULTIPART",
    "name": "Spring",
    "subject": "H\u00e9llo",
    "htmlContent": "<b>Hi</b>",
    "htmlBlocks": {
        "EmailBlockContainer": [
            {
                "id": 1,
                "name": "Top",
                "type": "HTML",
                "defaultBlockId": 2,
                "blocks": {"EmailBlock": [{"id": 2, "name": "Hero", "content": "<p/>"}]},
            }
        ]
    },
}
NO_OPTIONS: dict[str, Argument] = {"manualOptions": {}, "options": {}}


@dataclass(frozen=True)
class Step:
    operation: str
    arguments: dict[str, Argument]


def prepare(crm: Crm) -> None:
    """Let ten customers receive a mailing and act on it."""
    drafts = (Draft(fields={"emailAddress": f"p{number}@example.org"}) for number in range(10))
    ids = [crm.customers.insert(draft).id for draft in drafts]
    played = crm.play_mailing(ids, campaign_id=4711, content_name="Spring")
    crm.mailings.complain(played.id, ids[1])


class Stack(Protocol):
    def call(self, operation: str, arguments: Mapping[str, Argument]) -> object: ...


def walk(stack: Stack) -> list[object]:
    """Take every step, and return what the stack heard."""
    return [stack.call(step.operation, step.arguments) for step in steps()]


def filled(value: object) -> object:
    """Leave out what says nothing: one library tells an empty text, the other nothing at all."""
    if isinstance(value, Mapping):
        parts = {name: filled(each) for name, each in value.items()}
        return {name: each for name, each in parts.items() if each is not None} or None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [filled(each) for each in value] or None
    return None if value == "" else value


def step(operation: str, **arguments: Argument) -> Step:
    return Step(operation, arguments)


def steps() -> list[Step]:
    return [*_customers(), *_groups(), *_campaigns(), *_emails(), *_sets(), *_refusals()]


def _customers() -> Iterator[Step]:
    unique: dict[str, Argument] = {
        "uniqueCustomerFields": {"string": ["externalId"]},
        "uniqueOptionFields": {"string": ["tier"]},
    }
    yield step("customer_create")
    yield step("customer_insert", customer=SANNE)
    yield step("customer_insert", customer={})
    yield step("customer_upsert", customer={"firstname": "Joris"})
    yield step("customer_update", customer={"id": SECOND, "firstname": "Noor"})
    yield step("customer_insertUnique", customer={**SANNE, "city": "Delft"}, **unique)
    yield step(
        "customer_insertBulkUnique", customers={"Customer": [SANNE, {"city": "A"}]}, **unique
    )
    yield step("customer_getById", customerId=FIRST)
    yield step("customer_getByEmailAddress", emailAddress="sanne.devries@example.org")
    yield step("customer_getByEmailAddress", emailAddress="nobody@example.org")
    yield step("customer_getByExternalId", externalId="e-1")
    yield step("customer_getByExternalId", externalId="none")
    yield step("customer_getByMobilePhone", mobilePhone="+31600000001")
    yield step("customer_getByUserNameAndPassword", userName="sanne", password="made-up")
    yield step("customer_getByAccountId", accountId="@sanne", network="mastodon")
    yield step("customer_getTotalNumberOfCustomers")
    yield step("customer_delete", customer={"id": BULK})
    yield step("customer_delete", customer={"id": BULK})


def _groups() -> Iterator[Step]:
    root: Argument = {"id": 60}
    yield step("group_create")
    yield step("group_insert", group={"name": "Readers", "parentId": 60})
    yield step("group_upsert", group={"name": "Writers", "description": "A & B"})
    yield step("group_update", group={"id": 62, "name": "Authors"})
    yield step("group_move", group={"id": 62}, newParentId=61)
    yield step("group_getAll")
    yield step("group_getById", groupId=62)
    yield step("group_getByObject", group={"name": "Authors"})
    yield step("group_getByObject", group={"name": "nobody"})
    yield step("group_getChildren", group=root)
    yield step("group_getParent", group={"id": 62})
    yield step("group_addMember", group={"id": 61}, customer={"id": FIRST})
    yield step("group_addMember", group={"id": 61}, customer={"id": FIRST})
    yield step(
        "group_addMembersInBulk",
        group=root,
        customers={"Customer": [{"id": FIRST}, {"id": SECOND}]},
    )
    yield step("group_hasMember", groupId=61, customerId=FIRST, includeSubGroups=False)
    yield step("group_hasMember", groupId=62, customerId=FIRST, includeSubGroups=True)
    yield step("customer_getGroups", customerId=FIRST)
    yield step("group_calculate")
    yield step("group_removeMember", group=root, customer={"id": SECOND})
    yield step("group_removeMember", group=root, customer={"id": SECOND})
    yield step("group_delete", groupId=62)


def _campaigns() -> Iterator[Step]:
    member: dict[str, Argument] = {"campaignId": 4712, "customerId": FIRST}
    options: Argument = {
        "Option": [
            {"name": "identifier", "value": "c-1"},
            {"name": "status", "value": "NEW"},
        ]
    }
    yield step("campaign_getAllExecutable")
    yield step("campaign_execute", campaignId=4711, options=options)
    yield step("campaign_executeAsync", campaignId=4711, options=options)
    yield step("campaign_executeAsync", campaignId=4711, options={})
    yield step("campaign_hasMember", **member)
    yield step("campaign_addMember", **member)
    yield step("campaign_addMember", **member)
    yield step("campaign_hasMember", **member)
    yield step("campaignStatistics_getByCampaignId", campaignId=4712)
    yield step("campaignObjectStatistics_getByCampaignObjectId", campaignObjectId="47111")


def _emails() -> Iterator[Step]:
    yield step("email_getAll")
    yield step("email_create")
    yield step("email_insert", email={})
    yield step("email_insert", email={"type": "HTML"})
    yield step("email_insert", email=CONTENT)
    yield step("email_upsert", email={**CONTENT, "name": "Autumn"})
    yield step("email_update", email={"id": 502, "campaignId": 4711})
    yield step("email_getAll")
    yield step("email_getById", emailId=501)
    yield step("email_getByObject", email={"name": "Autumn"})
    yield step("email_getByObject", email={"name": "nothing"})
    yield step("email_listOptions")
    yield step("email_sendToCustomer", emailId=501, customerId=FIRST, **NO_OPTIONS)
    yield step(
        "email_sendToCustomers",
        emailId=501,
        customerIds={"integer": [FIRST, SECOND]},
        **NO_OPTIONS,
    )
    yield step("email_sendToGroup", emailId=501, groupId=60, **NO_OPTIONS)
    yield step("email_sendToProfile", emailId=501, profileId=1, **NO_OPTIONS)
    yield step("email_hasChanged", broadcastId=9002)
    yield step("email_delete", emailId=502)
    yield step("email_delete", emailId=502)


def _sets() -> Iterator[Step]:
    mailing: Argument = {"id": MAILING}
    span: dict[str, Argument] = {"fromDate": "2026-03-01", "toDate": "2026-03-03"}
    asked = [
        ("customer", step("customer_getAll")),
        ("customer", step("customer_getByObject", customer={"lastname": "de Vries"})),
        ("customer", step("group_getMembers", groupId=60, recursive=True)),
        ("customer", step("campaign_getMembers", campaignId=4712)),
        ("customer", step("campaignStatistics_getCustomerSet", campaignId=4712)),
        (
            "customer",
            step(
                "campaignObjectStatisticsOption_getCustomerSet",
                campaignObjectStatisiticsOptionId="47111-opens",
            ),
        ),
        ("mailing", step("mailing_getAll")),
        ("mailing", step("mailing_getByDate", **span)),
        ("mailing", step("mailing_getByCampaignObjectId", campaignObjectId="47111")),
        ("mailing", step("mailing_getQuickmails")),
        ("mailing", step("mailing_getQuickmailsByDate", **span)),
        ("open", step("mailing_getOpenSet", mailing=mailing)),
        ("click", step("mailingLink_getClickSet", mailingLink={"id": LINK})),
        ("bounce", step("mailing_getBounceSet", mailing=mailing)),
        ("complaint", step("mailing_getComplaintSet", mailing=mailing)),
        ("delivery", step("mailing_getDeliverySet", mailing=mailing)),
    ]
    for resource_id, (kind, made) in enumerate(asked, start=210577):
        yield made
        yield from _reading(kind, resource_id)
    yield step("mailing_getById", mailingId=MAILING)
    yield step("open_getById", openId=300_001)
    yield step("click_getById", clickId=400_001)
    yield step("bounce_getById", bounceId=500_001)
    yield step("campaign_removeMember", campaignId=4712, customerId=FIRST)


def _reading(kind: str, resource_id: int) -> Iterator[Step]:
    one, many = kind.title(), "Deliveries" if kind == "delivery" else f"{kind.title()}s"
    for _ in range(3):
        yield step("resource_getById", resourceId=resource_id)
    yield step(f"{kind}Set_get{many}", resourceId=resource_id, **ALL)
    yield step(f"{kind}Set_get{one}", resourceId=resource_id, index=0)
    if kind != "delivery":
        yield step(f"{kind}Set_get{one}Ids", resourceId=resource_id, **ALL)
    yield step("resource_free", resourceId=resource_id)


def _refusals() -> Iterator[Step]:
    yield step("customer_getById", customerId=1)
    yield step("customer_update", customer={})
    yield step("group_getById", groupId=1)
    yield step("campaign_executeAsync", campaignId=1, options={})
    yield step("customerSet_getCustomers", resourceId=1, offset=0, size=51)
    yield step("customerSet_getCustomers", resourceId=210577, **ALL)
    yield step("sms_getAll")

"""The platform's CRM: customers, groups, campaigns and the mails that were sent, in memory."""

from petiole.plugins.canopydeploy.sandbox.crm.act import Act, Deed, Part, Parts, usual_acts
from petiole.plugins.canopydeploy.sandbox.crm.campaign import (
    START_CAMPAIGNS,
    Campaign,
    Options,
    Run,
    RunListener,
)
from petiole.plugins.canopydeploy.sandbox.crm.chronicle import Entry
from petiole.plugins.canopydeploy.sandbox.crm.crm import Crm
from petiole.plugins.canopydeploy.sandbox.crm.customer import Account, Customer, Draft
from petiole.plugins.canopydeploy.sandbox.crm.customers import FIRST_CUSTOMER_ID
from petiole.plugins.canopydeploy.sandbox.crm.errors import (
    Conflict,
    CrmError,
    InvalidName,
    InvalidValue,
    NotFound,
    Rejected,
)
from petiole.plugins.canopydeploy.sandbox.crm.group import ROOT_GROUP_ID, Group
from petiole.plugins.canopydeploy.sandbox.crm.mailing import (
    Bounce,
    BounceCategory,
    Click,
    Complaint,
    Delivery,
    Event,
    Link,
    Mailing,
    MailingType,
    Open,
)
from petiole.plugins.canopydeploy.sandbox.crm.staging import START_LINKS, Staging

__all__ = [
    "FIRST_CUSTOMER_ID",
    "ROOT_GROUP_ID",
    "START_CAMPAIGNS",
    "START_LINKS",
    "Account",
    "Act",
    "Bounce",
    "BounceCategory",
    "Campaign",
    "Click",
    "Complaint",
    "Conflict",
    "Crm",
    "CrmError",
    "Customer",
    "Deed",
    "Delivery",
    "Draft",
    "Entry",
    "Event",
    "Group",
    "InvalidName",
    "InvalidValue",
    "Link",
    "Mailing",
    "MailingType",
    "NotFound",
    "Open",
    "Options",
    "Part",
    "Parts",
    "Rejected",
    "Run",
    "RunListener",
    "Staging",
    "usual_acts",
]

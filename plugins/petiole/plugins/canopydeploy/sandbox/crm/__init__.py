"""The platform's CRM: customers, groups, campaigns and the mails that were sent, in memory."""

from petiole.plugins.canopydeploy.sandbox.crm.act import Act, usual_acts
from petiole.plugins.canopydeploy.sandbox.crm.campaign import (
    START_CAMPAIGNS,
    Campaign,
    Options,
    Run,
    RunListener,
)
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
from petiole.plugins.canopydeploy.sandbox.crm.mailing import BounceCategory, Mailing, MailingType

__all__ = [
    "FIRST_CUSTOMER_ID",
    "ROOT_GROUP_ID",
    "START_CAMPAIGNS",
    "Account",
    "Act",
    "BounceCategory",
    "Campaign",
    "Conflict",
    "Crm",
    "CrmError",
    "Customer",
    "Draft",
    "Group",
    "InvalidName",
    "InvalidValue",
    "Mailing",
    "MailingType",
    "NotFound",
    "Options",
    "Rejected",
    "Run",
    "RunListener",
    "usual_acts",
]

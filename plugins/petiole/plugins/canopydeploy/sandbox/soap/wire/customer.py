"""Customer, Account and CustomerOption."""

from petiole.plugins.canopydeploy.sandbox.crm.customer import Account, Customer, Draft
from petiole.plugins.canopydeploy.sandbox.crm.field import FIELDS
from petiole.plugins.canopydeploy.sandbox.crm.moment import text_of
from petiole.plugins.canopydeploy.sandbox.soap.values import (
    Record,
    number_in,
    records_in,
    text_in,
)


def read_draft(record: Record) -> Draft:
    """Read what a caller says about a customer; read-only fields are passed over.

    A nil field counts as not given (assumed), an empty one as emptied. An option goes by its name,
    or by its identifier where it has no name.
    """
    options = {
        text_in(option, "name") or text_in(option, "identifier"): text_in(option, "value")
        for option in records_in(record.get("options"))
    }
    accounts = tuple(
        Account(network=text_in(account, "network"), account_id=text_in(account, "accountId"))
        for account in records_in(record.get("accounts"))
    )
    return Draft(
        id=number_in(record, "id"),
        fields={name: value for name in FIELDS if isinstance(value := record.get(name), str)},
        options={name: value for name, value in options.items() if name},
        accounts=accounts,
    )


def write_customer(row: Customer) -> Record:
    """Write a stored customer. An option's identifier equals its name (assumed)."""
    return {
        **{name: row.fields.get(name) or field.default for name, field in FIELDS.items()},
        "id": row.id,
        "complaintCount": row.complaints,
        "accounts": [
            {"network": account.network, "accountId": account.account_id}
            for account in row.accounts
        ],
        "mailStatus": row.mail_status,
        "softBounceCount": row.soft_bounces,
        "hardBounceCount": row.hard_bounces,
        "imageUrl": "",
        "createdBy": row.created_by,
        "createdAt": text_of(row.created_at),
        "modifiedBy": row.modified_by,
        "modifiedAt": text_of(row.modified_at),
        "options": [
            {"identifier": name, "customerId": row.id, "name": name, "value": value}
            for name, value in row.options.items()
        ],
    }


def customer_template() -> Record:
    """Write a customer who is stored nowhere yet: defaults and no id."""
    return {
        **{name: field.default for name, field in FIELDS.items()},
        "mailStatus": "ACTIVE",
        "createdBy": "UNKNOWN",
    }

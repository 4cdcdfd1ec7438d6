"""`customer_*`: the people of the brand.

That inserting never de-duplicates, that fields sent outside the `customer` element are passed over,
that an unknown external id answers nothing and an unknown id faults 213: as public clients and
their tests know it. The other lists by value answer like that by external id (assumed).
"""

from collections.abc import Sequence
from dataclasses import replace

from petiole.plugins.canopydeploy.sandbox.crm import Customer, Draft, InvalidValue, NotFound
from petiole.plugins.canopydeploy.sandbox.crm.customer import OPTION_PREFIX
from petiole.plugins.canopydeploy.sandbox.crm.field import FIELDS, check_fields
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType
from petiole.plugins.canopydeploy.sandbox.soap.values import Record, Value, is_filled, matches
from petiole.plugins.canopydeploy.sandbox.soap.wire.customer import (
    customer_template,
    read_draft,
    write_customer,
)
from petiole.plugins.canopydeploy.sandbox.soap.wire.group import write_group


def create(call: Call) -> Value:
    """Answer an empty customer; nothing is stored."""
    del call
    return customer_template()


def insert(call: Call) -> Value:
    """Store a new customer."""
    return write_customer(call.crm.customers.insert(read_draft(call.record("customer"))))


def insert_unique(call: Call) -> Value:
    """Store a customer, or update the one who has the same values in the unique fields."""
    return write_customer(_insert_unique(call, call.record("customer")))


def insert_bulk_unique(call: Call) -> Value:
    """Do the same for each of many."""
    return [write_customer(_insert_unique(call, each)) for each in call.records("customers")]


def update(call: Call) -> Value:
    """Change the customer whose id is in the object."""
    return write_customer(call.crm.customers.update(read_draft(call.record("customer"))))


def upsert(call: Call) -> Value:
    """Update where the object has an id, else insert (assumed)."""
    draft = read_draft(call.record("customer"))
    customers = call.crm.customers
    return write_customer(customers.update(draft) if draft.id else customers.insert(draft))


def delete(call: Call) -> Value:
    """Remove a customer; only the id of the object matters."""
    return call.crm.delete_customer(read_draft(call.record("customer")).id)


def get_by_id(call: Call) -> Value:
    """Answer one customer."""
    return write_customer(call.crm.customers.get(call.id("customerId")))


def get_by_email_address(call: Call) -> Value:
    """Answer all with this address."""
    return _by_fields(call, "emailAddress")


def get_by_external_id(call: Call) -> Value:
    """Answer all with this external id."""
    return _by_fields(call, "externalId")


def get_by_mobile_phone(call: Call) -> Value:
    """Answer all with this number."""
    return _by_fields(call, "mobilePhone")


def get_by_user_name_and_password(call: Call) -> Value:
    """Answer all with these credentials; blank ones fit nobody."""
    return _by_fields(call, "userName", "password")


def get_by_account_id(call: Call) -> Value:
    """Answer the first customer with this account; fault 213 if there is none (assumed)."""
    network, account_id = call.text("network"), call.text("accountId")
    found = call.crm.customers.where(
        lambda row: any(
            (each.network, each.account_id) == (network, account_id) for each in row.accounts
        )
    )
    if not found:
        raise NotFound("Customer", account_id)
    return write_customer(found[0])


def get_by_object(call: Call) -> Value:
    """Make a set of all who equal the object in every filled field; an empty object is an error."""
    wanted = call.record("customer")
    if not is_filled(wanted):
        return call.failed_set(kind=ResourceType.CUSTOMERS)
    return _customer_set(
        call, call.crm.customers.where(lambda row: matches(wanted, write_customer(row)))
    )


def get_all(call: Call) -> Value:
    """Make a set of all."""
    return _customer_set(call, call.crm.customers.all())


def get_groups(call: Call) -> Value:
    """Answer the groups of a customer."""
    row, groups = call.crm.customers.get(call.id("customerId")), call.crm.groups
    return [write_group(group, groups=groups) for group in groups.of_customer(row.id)]


def get_total_number_of_customers(call: Call) -> Value:
    """Count."""
    return len(call.crm.customers)


def _by_fields(call: Call, *names: str) -> Value:
    """Answer all who have the arguments' values in the fields of the same names."""
    values = {name: call.text(name) for name in names}
    rows = call.crm.customers.alike(values) if all(values.values()) else ()
    nobody: Value = None if call.settings.nil_for_nobody else []
    return [write_customer(row) for row in rows] or nobody


def _customer_set(call: Call, rows: Sequence[Customer]) -> int:
    return call.result_set(rows, kind=ResourceType.CUSTOMERS, encode=write_customer)


def _insert_unique(call: Call, record: Record) -> Customer:
    """Update the oldest match, or insert where there is none or a unique value is blank (assumed).

    Raises:
        InvalidValue: A unique field is no field of a customer.
    """
    draft = read_draft(record)
    customers = call.crm.customers
    rows = _alike(call, draft)
    return customers.update(replace(draft, id=rows[0].id)) if rows else customers.insert(draft)


def _alike(call: Call, draft: Draft) -> Sequence[Customer]:
    fields, options = call.texts("uniqueCustomerFields"), call.texts("uniqueOptionFields")
    for name in fields:
        if name not in FIELDS:
            raise InvalidValue(f"Unknown customer field [{name}]")
    stored = check_fields(draft.fields)
    values = {
        **{name: stored.get(name, "") for name in fields},
        **{OPTION_PREFIX + name: draft.options.get(name, "") for name in options},
    }
    return call.crm.customers.alike(values) if values and all(values.values()) else ()


OPERATIONS: Operations = {
    "customer_create": create,
    "customer_delete": delete,
    "customer_getAll": get_all,
    "customer_getByAccountId": get_by_account_id,
    "customer_getByEmailAddress": get_by_email_address,
    "customer_getByExternalId": get_by_external_id,
    "customer_getById": get_by_id,
    "customer_getByMobilePhone": get_by_mobile_phone,
    "customer_getByObject": get_by_object,
    "customer_getByUserNameAndPassword": get_by_user_name_and_password,
    "customer_getGroups": get_groups,
    "customer_getTotalNumberOfCustomers": get_total_number_of_customers,
    "customer_insert": insert,
    "customer_insertBulkUnique": insert_bulk_unique,
    "customer_insertUnique": insert_unique,
    "customer_update": update,
    "customer_upsert": upsert,
}

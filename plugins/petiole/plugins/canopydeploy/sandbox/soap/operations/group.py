"""`group_*`: the tree of groups and its members.

A second membership faults 107 and objects count by their id alone, as public clients know it. That
a group without a parent is put at the top, and that asking for the top's parent faults 213, is
assumed.
"""

from collections.abc import Sequence

from petiole.plugins.canopydeploy.sandbox.crm import Conflict, Group
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType
from petiole.plugins.canopydeploy.sandbox.soap.values import (
    Record,
    Value,
    matches,
    number_in,
    text_in,
)
from petiole.plugins.canopydeploy.sandbox.soap.wire.customer import write_customer
from petiole.plugins.canopydeploy.sandbox.soap.wire.group import write_group, write_membership


def create(call: Call) -> Value:
    """Answer an empty group; nothing is stored."""
    del call
    return {}


def insert(call: Call) -> Value:
    """Store a new group."""
    return _written(call, _insert(call, call.record("group")))


def update(call: Call) -> Value:
    """Change the group whose id is in the object."""
    return _written(call, _update(call, call.record("group")))


def upsert(call: Call) -> Value:
    """Update where the object has an id, else insert (assumed)."""
    record = call.record("group")
    return _written(call, (_update if number_in(record, "id") else _insert)(call, record))


def move(call: Call) -> Value:
    """Hang a group elsewhere in the tree."""
    parent_id = call.number("newParentId")
    return _written(call, call.crm.groups.move(_id(call), parent_id=parent_id))


def delete(call: Call) -> Value:
    """Remove a group with all below it."""
    return call.crm.groups.delete(call.number("groupId"))


def get_by_id(call: Call) -> Value:
    """Answer one group."""
    return _written(call, call.crm.groups.get(call.id("groupId")))


def get_by_object(call: Call) -> Value:
    """Answer all that equal the object in every filled field."""
    wanted, groups = call.record("group"), call.crm.groups
    return _list(call, groups.where(lambda row: matches(wanted, write_group(row, groups=groups))))


def get_all(call: Call) -> Value:
    """Answer all."""
    return _list(call, call.crm.groups.where(lambda _: True))


def get_children(call: Call) -> Value:
    """Answer the groups directly below one."""
    parent = call.crm.groups.get(_id(call))
    return _list(call, call.crm.groups.where(lambda row: row.parent_id == parent.id))


def get_parent(call: Call) -> Value:
    """Answer the group above one; there is none above the top."""
    return _written(call, call.crm.groups.get(call.crm.groups.get(_id(call)).parent_id))


def get_members(call: Call) -> Value:
    """Make a set of the members."""
    members = call.crm.groups.members(call.id("groupId"), recursive=call.flag("recursive"))
    rows = call.crm.customers.present(members)
    return call.result_set(rows, kind=ResourceType.CUSTOMERS, encode=write_customer)


def has_member(call: Call) -> Value:
    """Tell whether a customer is a member, and since when."""
    group_id, customer_id = call.id("groupId"), call.number("customerId")
    members = call.crm.groups.members(group_id, recursive=call.flag("includeSubGroups"))
    started_at = members.get(call.crm.customers.get(customer_id).id)
    return write_membership(group_id=group_id, customer_id=customer_id, started_at=started_at)


def add_member(call: Call) -> Value:
    """Make a customer a member."""
    customer = call.crm.customers.get(number_in(call.record("customer"), "id"))
    call.crm.groups.join(_id(call), customer.id)
    return True


def add_members_in_bulk(call: Call) -> Value:
    """Make many customers members; who is one already is passed over (assumed)."""
    customers = call.crm.customers
    rows = [customers.get(number_in(each, "id")) for each in call.records("customers")]
    group = call.crm.groups.get(_id(call))
    for row in rows:
        try:
            call.crm.groups.join(group.id, row.id)
        except Conflict:
            continue
    return True


def remove_member(call: Call) -> Value:
    """End a membership; False if there was none."""
    customer = call.crm.customers.get(number_in(call.record("customer"), "id"))
    return call.crm.groups.leave(_id(call), customer.id)


def calculate(call: Call) -> Value:
    """Count the members of every group anew."""
    call.crm.groups.calculate()
    return True


def _id(call: Call) -> int | None:
    return number_in(call.record("group"), "id")


def _insert(call: Call, record: Record) -> Group:
    return call.crm.groups.insert(
        name=text_in(record, "name"),
        description=text_in(record, "description"),
        parent_id=number_in(record, "parentId") or 0,
    )


def _update(call: Call, record: Record) -> Group:
    return call.crm.groups.update(
        number_in(record, "id"),
        name=_given_text(record, "name"),
        description=_given_text(record, "description"),
    )


def _given_text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None


def _written(call: Call, row: Group) -> Record:
    return write_group(row, groups=call.crm.groups)


def _list(call: Call, rows: Sequence[Group]) -> Value:
    return [_written(call, row) for row in rows]


OPERATIONS: Operations = {
    "group_addMember": add_member,
    "group_addMembersInBulk": add_members_in_bulk,
    "group_calculate": calculate,
    "group_create": create,
    "group_delete": delete,
    "group_getAll": get_all,
    "group_getById": get_by_id,
    "group_getByObject": get_by_object,
    "group_getChildren": get_children,
    "group_getMembers": get_members,
    "group_getParent": get_parent,
    "group_hasMember": has_member,
    "group_insert": insert,
    "group_move": move,
    "group_removeMember": remove_member,
    "group_update": update,
    "group_upsert": upsert,
}

"""`resource_*` and the `*Set_*` operations: reading what the asynchronous operations found.

The page limit with its fault is known from public clients; that an index counts from 0 and that an
offset behind the end answers an empty list is assumed.
"""

from collections.abc import Iterator
from functools import partial

from petiole.plugins.canopydeploy.sandbox.crm import InvalidValue, NotFound
from petiole.plugins.canopydeploy.sandbox.soap.call import Call, Operation, Operations
from petiole.plugins.canopydeploy.sandbox.soap.resources import ResourceType, Rows
from petiole.plugins.canopydeploy.sandbox.soap.values import Record, Value

_SETS = {
    ResourceType.CUSTOMERS: ("customerSet", "Customer", "Customers"),
    ResourceType.MAILINGS: ("mailingSet", "Mailing", "Mailings"),
    ResourceType.OPENS: ("openSet", "Open", "Opens"),
    ResourceType.CLICKS: ("clickSet", "Click", "Clicks"),
    ResourceType.BOUNCES: ("bounceSet", "Bounce", "Bounces"),
    ResourceType.COMPLAINTS: ("complaintSet", "Complaint", "Complaints"),
    ResourceType.DELIVERIES: ("deliverySet", "Delivery", "Deliveries"),
}
"""The words that the operations of a set are named with."""

_WITHOUT_IDS = ResourceType.DELIVERIES


def get_by_id(call: Call) -> Value:
    """Tell where a set stands."""
    return call.resources.poll(
        call.id("resourceId"), token=call.token, lifetime=call.settings.resource_lifetime
    )


def free(call: Call) -> Value:
    """Close a set."""
    return call.resources.free(
        call.id("resourceId"), token=call.token, lifetime=call.settings.resource_lifetime
    )


def get_page(call: Call, *, kind: ResourceType) -> Value:
    """Answer a page of a set."""
    return _page(call, kind)


def get_ids(call: Call, *, kind: ResourceType) -> Value:
    """Answer the ids of a page of a set."""
    return [record["id"] for record in _page(call, kind)]


def get_one(call: Call, *, kind: ResourceType) -> Value:
    """Answer the record at an index."""
    rows, index = _rows(call, kind), call.number("index")
    if not 0 <= index < len(rows):
        raise NotFound("Record", index)
    return rows.records(index, index + 1)[0]


def _page(call: Call, kind: ResourceType) -> list[Record]:
    offset, size, most = call.number("offset"), call.number("size"), call.settings.page_limit
    if not 1 <= size <= most:
        raise InvalidValue(f"Size must be between 1 and {most}")
    if offset < 0:
        raise InvalidValue("Offset must not be negative")
    return _rows(call, kind).records(offset, offset + size)


def _rows(call: Call, kind: ResourceType) -> Rows:
    return call.resources.ready(
        call.id("resourceId"),
        kind=kind,
        token=call.token,
        lifetime=call.settings.resource_lifetime,
    )


def _set_operations() -> Iterator[tuple[str, Operation]]:
    for kind, (prefix, one, many) in _SETS.items():
        yield f"{prefix}_get{one}", partial(get_one, kind=kind)
        yield f"{prefix}_get{many}", partial(get_page, kind=kind)
        if kind is not _WITHOUT_IDS:
            yield f"{prefix}_get{one}Ids", partial(get_ids, kind=kind)


OPERATIONS: Operations = {
    "resource_free": free,
    "resource_getById": get_by_id,
    **dict(_set_operations()),
}

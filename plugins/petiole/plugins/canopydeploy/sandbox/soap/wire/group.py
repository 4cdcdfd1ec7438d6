"""Group and GroupMembership."""

from datetime import datetime

from petiole.plugins.canopydeploy.sandbox.crm.group import Group, Groups
from petiole.plugins.canopydeploy.sandbox.crm.moment import text_of
from petiole.plugins.canopydeploy.sandbox.soap.values import Record


def write_group(row: Group, *, groups: Groups) -> Record:
    """Write a group with its members counted now."""
    return {
        "id": row.id,
        "parentId": row.parent_id,
        "name": row.name,
        "description": row.description,
        "createdBy": row.created_by,
        "createdAt": text_of(row.created_at),
        "modifiedBy": row.modified_by,
        "modifiedAt": text_of(row.modified_at),
        "countDate": text_of(row.counted_at),
        "customerCountRecursive": len(groups.members(row.id, recursive=True)),
        "customerCount": len(groups.members(row.id)),
    }


def write_membership(
    *, group_id: int | None, customer_id: int, started_at: datetime | None
) -> Record:
    """Write whether someone is a member, and since when."""
    return {
        "groupId": group_id,
        "customerId": customer_id,
        "isMember": started_at is not None,
        "startedAt": text_of(started_at),
    }

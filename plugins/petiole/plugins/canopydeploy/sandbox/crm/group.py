"""Groups of customers: a tree, with members at every node."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from threading import RLock

from petiole.plugins.canopydeploy.sandbox.crm.customer import SOAP_USER
from petiole.plugins.canopydeploy.sandbox.crm.errors import Conflict, InvalidValue
from petiole.plugins.canopydeploy.sandbox.crm.locking import locked
from petiole.plugins.canopydeploy.sandbox.crm.moment import Now
from petiole.plugins.canopydeploy.sandbox.crm.table import Table

ROOT_GROUP_ID = 60
"""The group that every brand starts with; a public client's suite asks for it by this number."""

_NO_PARENT = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A node of the tree; `parent_id` is 0 at the top, `counted_at` None until counted."""

    id: int
    parent_id: int
    name: str
    description: str
    created_at: datetime
    modified_at: datetime
    created_by: str = SOAP_USER
    modified_by: str = SOAP_USER
    counted_at: datetime | None = None


class Groups:
    """The group tree and its memberships; a membership is the moment at which it began."""

    def __init__(self, *, lock: RLock, now: Now) -> None:
        self.lock = lock
        self._now = now
        self._ids = count(ROOT_GROUP_ID)
        self._rows = Table[Group]("Group")
        self._members: dict[int, dict[int, datetime]] = {}
        self.insert(name="test", description="Everybody", parent_id=_NO_PARENT)

    @locked
    def insert(self, *, name: str, description: str = "", parent_id: int = _NO_PARENT) -> Group:
        """Add a group below `parent_id`, or at the top for 0.

        Raises:
            InvalidValue: The name is empty.
            NotFound: The parent does not exist.
        """
        _check_name(name)
        self._check_parent(parent_id)
        now = self._now()
        row = Group(
            id=next(self._ids),
            parent_id=parent_id,
            name=name,
            description=description,
            created_at=now,
            modified_at=now,
        )
        self._rows[row.id] = row
        self._members[row.id] = {}
        return row

    @locked
    def update(self, group_id: int | None, *, name: str | None, description: str | None) -> Group:
        """Rename or describe a group; None leaves a text as it is.

        Raises:
            InvalidValue: The name is empty.
            NotFound: There is no such group.
        """
        row = self.get(group_id)
        _check_name(row.name if name is None else name)
        return self._put(
            replace(
                row,
                name=row.name if name is None else name,
                description=row.description if description is None else description,
            )
        )

    @locked
    def move(self, group_id: int | None, *, parent_id: int) -> Group:
        """Hang a group below another, or at the top for 0.

        Raises:
            InvalidValue: The new parent lies inside the group.
            NotFound: One of the two does not exist.
        """
        row = self.get(group_id)
        self._check_parent(parent_id)
        if parent_id in self._subtree(row.id):
            raise InvalidValue(f"Group [{row.id}] cannot be moved into itself")
        return self._put(replace(row, parent_id=parent_id))

    @locked
    def delete(self, group_id: int) -> bool:
        """Remove a group with all below it; False if there is none."""
        if group_id not in self._rows:
            return False
        for each in list(self._subtree(group_id)):
            del self._rows[each], self._members[each]
        return True

    @locked
    def get(self, group_id: int | None) -> Group:
        """Find one by id.

        Raises:
            NotFound: There is none.
        """
        return self._rows.find(group_id)

    @locked
    def where(self, wanted: Callable[[Group], bool]) -> Sequence[Group]:
        """Find all that the predicate accepts, oldest first."""
        return tuple(row for row in self._rows.values() if wanted(row))

    @locked
    def calculate(self) -> None:
        """Note the present as the moment at which every group was counted."""
        now = self._now()
        self._rows.update(
            (row.id, replace(row, counted_at=now)) for row in self.where(lambda _: True)
        )

    @locked
    def join(self, group_id: int | None, customer_id: int) -> None:
        """Make a customer a member.

        Raises:
            Conflict: They are one already.
            NotFound: There is no such group.
        """
        members = self._members[self.get(group_id).id]
        if customer_id in members:
            raise Conflict(
                f"Customer [{customer_id}]: customer already member of group [{group_id}]"
            )
        members[customer_id] = self._now()

    @locked
    def leave(self, group_id: int | None, customer_id: int) -> bool:
        """End a membership; False if there was none."""
        return self._members[self.get(group_id).id].pop(customer_id, None) is not None

    @locked
    def members(self, group_id: int | None, *, recursive: bool = False) -> Mapping[int, datetime]:
        """Tell the members, by id, with the start of each membership."""
        top = self.get(group_id).id
        found: dict[int, datetime] = {}
        for each in self._subtree(top) if recursive else (top,):
            for customer_id, started_at in self._members[each].items():
                found.setdefault(customer_id, started_at)
        return found

    @locked
    def of_customer(self, customer_id: int) -> Sequence[Group]:
        """Answer the groups of which the customer is a direct member."""
        return self.where(lambda row: customer_id in self._members[row.id])

    @locked
    def forget(self, customer_id: int) -> None:
        """End every membership of a customer who was deleted."""
        for members in self._members.values():
            members.pop(customer_id, None)

    def _put(self, row: Group) -> Group:
        self._rows[row.id] = replace(row, modified_at=self._now())
        return self._rows[row.id]

    def _check_parent(self, parent_id: int) -> None:
        if parent_id != _NO_PARENT:
            self.get(parent_id)

    def _subtree(self, group_id: int) -> Iterator[int]:
        yield group_id
        for row in list(self._rows.values()):
            if row.parent_id == group_id:
                yield from self._subtree(row.id)


def _check_name(name: str) -> None:
    if not name:
        raise InvalidValue(f"Invalid group name [{name}]")

from datetime import UTC, datetime

import pytest

from petiole.plugins.canopydeploy.sandbox.crm import (
    ROOT_GROUP_ID,
    Conflict,
    Crm,
    InvalidValue,
    NotFound,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def crm() -> Crm:
    return Crm(now=lambda: NOON)


def test_second_membership_is_a_conflict(crm: Crm) -> None:
    crm.groups.join(ROOT_GROUP_ID, 1)

    with pytest.raises(Conflict, match="customer already member of"):
        crm.groups.join(ROOT_GROUP_ID, 1)


def test_recursive_members_include_those_of_the_groups_below(crm: Crm) -> None:
    child = crm.groups.insert(name="Readers", parent_id=ROOT_GROUP_ID)
    grandchild = crm.groups.insert(name="Daily", parent_id=child.id)
    crm.groups.join(ROOT_GROUP_ID, 1)
    crm.groups.join(grandchild.id, 2)

    assert set(crm.groups.members(ROOT_GROUP_ID)) == {1}
    assert set(crm.groups.members(ROOT_GROUP_ID, recursive=True)) == {1, 2}


def test_group_cannot_be_moved_into_itself(crm: Crm) -> None:
    child = crm.groups.insert(name="Readers", parent_id=ROOT_GROUP_ID)

    with pytest.raises(InvalidValue, match="into itself"):
        crm.groups.move(ROOT_GROUP_ID, parent_id=child.id)


def test_moved_group_has_the_new_parent(crm: Crm) -> None:
    child = crm.groups.insert(name="Readers", parent_id=ROOT_GROUP_ID)

    assert crm.groups.move(child.id, parent_id=0).parent_id == 0


def test_deleting_a_group_deletes_what_is_below(crm: Crm) -> None:
    child = crm.groups.insert(name="Readers", parent_id=ROOT_GROUP_ID)

    assert crm.groups.delete(ROOT_GROUP_ID)

    with pytest.raises(NotFound):
        crm.groups.get(child.id)
    assert not crm.groups.delete(ROOT_GROUP_ID)


def test_nameless_group_is_refused(crm: Crm) -> None:
    with pytest.raises(InvalidValue, match="name"):
        crm.groups.insert(name="")
    with pytest.raises(InvalidValue, match="name"):
        crm.groups.update(ROOT_GROUP_ID, name="", description=None)


def test_update_leaves_what_is_none(crm: Crm) -> None:
    row = crm.groups.update(ROOT_GROUP_ID, name=None, description="All of them")

    assert (row.name, row.description) == ("test", "All of them")


def test_group_below_nothing_is_refused(crm: Crm) -> None:
    with pytest.raises(NotFound):
        crm.groups.insert(name="Readers", parent_id=999)


def test_leaving_tells_whether_there_was_a_membership(crm: Crm) -> None:
    crm.groups.join(ROOT_GROUP_ID, 1)

    assert crm.groups.leave(ROOT_GROUP_ID, 1)
    assert not crm.groups.leave(ROOT_GROUP_ID, 1)


def test_calculation_notes_its_moment(crm: Crm) -> None:
    assert crm.groups.get(ROOT_GROUP_ID).counted_at is None

    crm.groups.calculate()

    assert crm.groups.get(ROOT_GROUP_ID).counted_at == NOON

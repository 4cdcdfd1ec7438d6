"""Two SOAP libraries that know nothing of each other hear the same answers."""

import pytest

from petiole.plugins.canopydeploy.sandbox.soap.operations import BEHAVING
from tests.plugins.canopydeploy.sandbox.soap import suds_caller, zeep_caller
from tests.plugins.canopydeploy.sandbox.soap.caller import TOKEN, Caller
from tests.plugins.canopydeploy.sandbox.soap.scenario import filled, prepare, steps, walk
from tests.plugins.canopydeploy.sandbox.soap.suds_caller import SudsCaller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import ZeepCaller

STEPS = steps()


@pytest.fixture(scope="module")
def answers() -> list[tuple[object, object]]:
    """Answer each step as zeep and as suds told it, each at a twin of its own."""
    callers = [Caller(), Caller()]
    for caller in callers:
        prepare(caller.crm)
    with_zeep = ZeepCaller(zeep_caller.client_of(callers[0]), token=TOKEN)
    with_suds = SudsCaller(suds_caller.client_of(callers[1]), token=TOKEN)
    return list(zip(walk(with_zeep), walk(with_suds), strict=True))


@pytest.mark.parametrize("operation", sorted(BEHAVING))
def test_libraries_hear_the_same(answers: list[tuple[object, object]], operation: str) -> None:
    compared = [
        (filled(zeeps), filled(sudses))
        for step, (zeeps, sudses) in zip(STEPS, answers, strict=True)
        if step.operation == operation
    ]

    assert compared, "the walk does not come by this operation"
    assert [zeeps for zeeps, _ in compared] == [sudses for _, sudses in compared]


def test_walk_is_no_parade_of_faults(answers: list[tuple[object, object]]) -> None:
    faulted = [
        (step.operation, zeeps[0])
        for step, (zeeps, _) in zip(STEPS, answers, strict=True)
        if isinstance(zeeps, tuple)
    ]

    assert faulted == [
        ("group_addMember", "107"),
        ("campaign_addMember", "107"),
        ("email_insert", "105"),
        ("email_insert", "751"),
        ("customer_getById", "213"),
        ("customer_update", "213"),
        ("group_getById", "213"),
        ("campaign_executeAsync", "213"),
        ("customerSet_getCustomers", "105"),
        ("customerSet_getCustomers", "105"),
        ("sms_getAll", "203"),
    ]

"""Two SOAP libraries that know nothing of each other hear the same answers."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import pytest

from petiole.plugins.canopydeploy.sandbox.soap.operations import BEHAVING
from tests.plugins.canopydeploy.sandbox.soap.caller import Argument, Caller
from tests.plugins.canopydeploy.sandbox.soap.scenario import prepare, steps
from tests.plugins.canopydeploy.sandbox.soap.suds_caller import SudsCaller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import ZeepCaller

STEPS = steps()


class Stack(Protocol):
    def call(self, operation: str, arguments: Mapping[str, Argument]) -> object: ...


def walk(caller: Caller, stack: Stack) -> list[object]:
    """Take every step on a twin of its own."""
    return [stack.call(step.operation, step.arguments) for step in STEPS]


def filled(value: object) -> object:
    """Leave out what says nothing: one library tells an empty text, the other nothing at all."""
    if isinstance(value, Mapping):
        parts = {name: filled(each) for name, each in value.items()}
        return {name: each for name, each in parts.items() if each is not None} or None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [filled(each) for each in value] or None
    return None if value == "" else value


@pytest.fixture(scope="module")
def answers() -> list[tuple[object, object]]:
    """Answer each step as zeep and as suds told it."""
    heard = []
    for stack in (ZeepCaller, SudsCaller):
        caller = Caller()
        prepare(caller)
        heard.append(walk(caller, stack(caller)))
    return list(zip(*heard, strict=True))


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

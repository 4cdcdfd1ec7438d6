"""The two SOAP libraries with transports of their own, at the twin's real server."""

import re
from collections.abc import Callable, Mapping

import pytest

from petiole.plugins.canopydeploy.sandbox import running
from tests.plugins.canopydeploy.sandbox.soap import suds_caller, zeep_caller
from tests.plugins.canopydeploy.sandbox.soap.caller import TOKEN
from tests.plugins.canopydeploy.sandbox.soap.scenario import Stack, filled, prepare, steps, walk
from tests.plugins.canopydeploy.sandbox.soap.suds_caller import SudsCaller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import ZeepCaller

STACKS: Mapping[str, Callable[[str], Stack]] = {
    "zeep": lambda url: ZeepCaller(zeep_caller.client_at(url), token=TOKEN),
    "suds": lambda url: SudsCaller(suds_caller.client_at(url), token=TOKEN),
}

MOMENT = re.compile(r"2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d")


def timeless(value: object) -> object:
    """Put one word in place of every moment, since the two walks are not taken at the same one."""
    if isinstance(value, dict):
        return {name: timeless(each) for name, each in value.items()}
    if isinstance(value, list):
        return [timeless(each) for each in value]
    return MOMENT.sub("then", value) if isinstance(value, str) else value


def heard_over_http(stack: str) -> tuple[list[object], list[str]]:
    """Return the answers of one walk, and the operations that the ledger says were called."""
    with running(token=TOKEN) as sandbox:
        state = sandbox.platform.state
        prepare(state.crm)
        answers = walk(STACKS[stack](f"{sandbox.soap}?wsdl&version=1.24"))
        operations = [call.note.operation for call in state.ledger.calls()]
    return [timeless(filled(each)) for each in answers], [each for each in operations if each]


@pytest.fixture(scope="module")
def heard() -> list[tuple[list[object], list[str]]]:
    return [heard_over_http(stack) for stack in STACKS]


def test_libraries_hear_the_same_from_two_running_twins(
    heard: list[tuple[list[object], list[str]]],
) -> None:
    (by_zeep, _), (by_suds, _) = heard

    for step, zeeps, sudses in zip(steps(), by_zeep, by_suds, strict=True):
        assert zeeps == sudses, step


def test_ledger_names_every_operation_in_order(
    heard: list[tuple[list[object], list[str]]],
) -> None:
    called = [step.operation for step in steps()]

    assert [operations for _, operations in heard] == [called, called]

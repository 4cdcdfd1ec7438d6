import pytest

from petiole.plugins.canopydeploy.sandbox.soap.facts import interfaces
from petiole.plugins.canopydeploy.sandbox.soap.operations import BEHAVING, OPERATIONS, refused
from tests.plugins.canopydeploy.sandbox.soap.caller import Caller

REFUSED = ("account", "conversionTracking", "filemanager", "magento", "sms")


def test_every_operation_of_the_interface_is_served() -> None:
    assert OPERATIONS.keys() == interfaces()["1.24"].signatures.keys()
    assert len(OPERATIONS) == 133


def test_only_the_named_objects_are_refused() -> None:
    assert {name for name in OPERATIONS if name.startswith(REFUSED)} == refused.OPERATIONS.keys()
    assert not BEHAVING.keys() & refused.OPERATIONS.keys()


@pytest.mark.parametrize("operation", ["sms_getAll", "magento_getCampaigns", "filemanager_makeDir"])
def test_refused_operation_answers_its_fault(caller: Caller, operation: str) -> None:
    reply = caller.call(operation)

    assert (reply.fault, reply.reason) == ("203", f"No rights for method [{operation}]")


def test_no_operation_fails_on_a_bare_call(caller: Caller) -> None:
    """Every operation answers a result or a fault, whatever was left out."""
    faults = {name: caller.call(name).fault for name in OPERATIONS}

    assert set(faults.values()) <= {None, "101", "105", "203", "213"}

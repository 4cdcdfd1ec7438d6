"""Two descriptions, operation by operation."""

import pytest

from petiole.adapters.canopydeploy.soap.description import compared, described
from petiole.adapters.canopydeploy.soap.interface import shipped_wsdl
from petiole.plugins.canopydeploy.sandbox.soap.wsdl import write_wsdl

OURS = described(shipped_wsdl())


def changed(old: str, new: str) -> list[str]:
    """Change the shipped description, and name the operations that differ."""
    wsdl = shipped_wsdl()
    assert old.encode() in wsdl
    difference = compared(OURS, described(wsdl.replace(old.encode(), new.encode(), 1)))
    assert (difference.missing, difference.added) == ([], [])
    return list(difference.changed)


def test_twin_says_the_same_in_other_words() -> None:
    theirs = described(write_wsdl("1.24", portal="secure", location="https://soap.example.org/"))

    difference = compared(OURS, theirs)

    assert len(OURS.operations) == 133
    assert (difference.missing, difference.changed, difference.added) == ([], [], [])


def test_missing_and_added_operations_are_named() -> None:
    older = described(write_wsdl("1.20", portal="secure", location="https://soap.example.org/"))

    there = compared(OURS, older)
    back = compared(older, OURS)

    assert there.missing == ["campaign_getAllExecutable", "filemanager_makeDir"]
    assert back.added == there.missing
    assert "campaign_execute" in there.changed


def test_changed_argument_is_named() -> None:
    element = '<xsd:element name="campaignId" type="xsd:long"'
    message = shipped_wsdl().decode().partition('<xsd:element name="campaign_addMember">')
    old = message[1] + message[2][: message[2].index(element) + len(element)]

    assert changed(old, old.replace("xsd:long", "xsd:string")) == ["campaign_addMember"]


def test_changed_type_deep_inside_concerns_all_that_use_it() -> None:
    old = '<xsd:complexType name="Account"><xsd:sequence>'

    found = changed(old, old + '<xsd:element name="more" type="xsd:string"/>')

    assert "customer_getById" in found
    assert "deliverySet_getDeliveries" in found
    assert "campaign_executeAsync" not in found


def test_type_that_does_not_exist_says_nothing() -> None:
    """The platform's own description has it; SOAP libraries refuse the whole document for it."""
    answer = shipped_wsdl().decode().partition('<xsd:element name="filemanager_makeDirResponse">')
    old = answer[1] + answer[2][: answer[2].index("xsd:boolean") + len("xsd:boolean")]

    assert changed(old, old.replace("xsd:boolean", "xsd:complexType")) == []


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (b"<html></html>", "no WSDL"),
        (b'<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>', "no WSDL"),
        (b"", "no XML"),
        (b"not found", "no XML"),
        (shipped_wsdl()[:5000], "cut off"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "document type"),
    ],
)
def test_what_describes_nothing_is_refused(document: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        described(document)

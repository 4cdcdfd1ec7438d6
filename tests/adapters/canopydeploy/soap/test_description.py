"""Two descriptions, operation by operation."""

import pytest

from petiole.adapters.canopydeploy.soap.description import Difference, compared, described
from petiole.adapters.canopydeploy.soap.interface import shipped_wsdl
from petiole.plugins.canopydeploy.sandbox.soap.wsdl import write_wsdl

OURS = described(shipped_wsdl())


def altered(old: str, new: str, count: int = 1) -> Difference:
    """Change the shipped description, and tell how it differs."""
    wsdl = shipped_wsdl()
    assert old.encode() in wsdl
    return compared(OURS, described(wsdl.replace(old.encode(), new.encode(), count)))


def changed(old: str, new: str) -> list[str]:
    """Change the shipped description, and name the operations that differ."""
    difference = altered(old, new)
    assert (difference.missing, difference.added, difference.travel) == ([], [], {})
    return list(difference.changed)


def test_twin_says_the_same_in_other_words() -> None:
    theirs = described(write_wsdl("1.24", portal="secure", location="https://soap.example.org/"))

    difference = compared(OURS, theirs)

    assert len(OURS.operations) == 133
    assert (difference.missing, difference.changed, difference.added) == ([], [], [])
    assert difference.travel == {}
    assert theirs.addresses == ["https://soap.example.org/"]


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
    ("old", "new", "told"),
    [
        ('style="document"', 'style="rpc"', 'style "rpc"'),
        ('use="literal"', 'use="encoded"', 'use "encoded"'),
        ('elementFormDefault="qualified"', "", 'elementFormDefault "unqualified"'),
        ('soapAction=""', 'soapAction="urn:x"', 'action "urn:x"'),
        ("/soap/http", "/soap/smtp", 'transport "http://schemas.xmlsoap.org/soap/smtp"'),
        ("<soap:binding ", "<soap:unbound ", "no binding to SOAP 1.1"),
    ],
)
def test_another_way_of_all_calls_is_named(old: str, new: str, told: str) -> None:
    difference = altered(old, new, -1)

    assert list(difference.travel) == [told]
    assert len(difference.travel[told]) == 133
    assert (difference.missing, difference.changed, difference.added) == ([], [], [])


def test_one_operation_may_travel_otherwise() -> None:
    old = '<wsdl:operation name="campaign_addMember"><soap:operation '

    assert altered(old, f'{old}style="rpc" ').travel == {'style "rpc"': ["campaign_addMember"]}


def test_second_way_beside_ours_is_no_difference() -> None:
    before, ours, _ = shipped_wsdl().decode().partition(' <wsdl:binding name="clangBinding"')
    assert before
    other = (
        '<wsdl:binding name="other" type="tns:clangService"><soap:binding style="rpc"/>'
        '<wsdl:operation name="campaign_addMember"/></wsdl:binding>'
    )

    assert altered(ours, other + ours).travel == {}


def test_form_of_one_element_is_a_change() -> None:
    message = shipped_wsdl().decode().partition('<xsd:element name="campaign_addMember">')
    old = message[1] + message[2].partition('name="uuid"')[0]

    assert changed(old, f'{old}form="unqualified" ') == ["campaign_addMember"]
    assert changed(old, f'{old}form="qualified" ') == []


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

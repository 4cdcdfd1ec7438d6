"""The served WSDL says what the recorded one says, and a strict toolkit reads it offline."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
from lxml import etree

from petiole.plugins.canopydeploy.sandbox.exchange import Request
from petiole.plugins.canopydeploy.sandbox.soap import SoapSettings
from tests.plugins.canopydeploy.sandbox.soap.caller import NAMESPACE, Caller
from tests.plugins.canopydeploy.sandbox.soap.zeep_caller import client_of

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
OPERATIONS = {"1.18": 126, "1.20": 131, "1.22": 132, "1.23": 132, "1.24": 133}

Particle: TypeAlias = tuple[str, str, str, str, bool]
"""Name, type, least, most, nillable."""


def served(version: str = "1.24") -> etree._Element:
    return etree.fromstring(Caller().get(wsdl="", version=version).body)


def particles(holder: etree._Element) -> list[Particle]:
    return [
        (
            element.get("name", ""),
            element.get("type", ""),
            element.get("minOccurs", "1"),
            element.get("maxOccurs", "1"),
            element.get("nillable") == "true",
        )
        for element in holder.iterfind(f".//{XSD}sequence/{XSD}element")
    ]


def described(document: etree._Element) -> Mapping[str, object]:
    """Take a WSDL apart, free of order and layout; prefixes are tns and xsd in both."""
    schema = document.find(f".//{XSD}schema")
    assert schema is not None
    return {
        "target": (document.get("targetNamespace"), schema.get("elementFormDefault")),
        "types": {
            each.get("name"): particles(each) for each in schema.iterfind(f"{XSD}complexType")
        },
        "elements": {
            each.get("name"): particles(each) for each in schema.iterfind(f"{XSD}element")
        },
        "messages": {
            each.get("name"): [(part.get("name"), part.get("element")) for part in each]
            for each in document.iterfind(f"{WSDL}message")
        },
        "operations": {
            each.get("name"): [part.get("message") for part in each]
            for each in document.iterfind(f"{WSDL}portType/{WSDL}operation")
        },
        "bound": {
            each.get("name"): (
                [part.get("soapAction") for part in each.iterfind(f"{SOAP}operation")],
                [part.get("use") for part in each.iter(f"{SOAP}body")],
            )
            for each in document.iterfind(f"{WSDL}binding/{WSDL}operation")
        },
        "names": [
            (each.tag, each.get("name"), each.get("type"), each.get("binding"))
            for tag in ("portType", "binding", "service", "service/" + WSDL + "port")
            for each in document.iterfind(WSDL + tag)
        ],
        "style": [
            (each.get("style", "document"), each.get("transport"))
            for each in document.iter(f"{SOAP}binding")
        ],
    }


@pytest.mark.parametrize("version", ["1.18", "1.24"])
def test_served_interface_equals_the_recorded_one(version: str, shared_protocol: Path) -> None:
    recorded = etree.parse(str(shared_protocol / f"clang-{version}.wsdl")).getroot()

    assert described(served(version)) == described(recorded)


@pytest.mark.parametrize(("version", "count"), OPERATIONS.items())
def test_strict_toolkit_loads_every_version_offline(version: str, count: int) -> None:
    client = client_of(Caller(version=version))

    (service,) = client.wsdl.services.values()
    (port,) = service.ports.values()
    assert len(port.binding._operations) == count


def test_no_version_is_the_newest() -> None:
    assert Caller().get(wsdl="").body == Caller().get(wsdl="", version="1.24").body


def test_interface_is_asked_for_in_any_case() -> None:
    assert Caller().get(WSDL="").body == Caller().get(wsdl="").body


def test_unknown_version_is_not_found() -> None:
    answer = Caller().get(wsdl="", version="9.9")

    assert answer.status == 404
    assert b"unknown version 9.9, choose 1.18" in answer.body


def test_port_is_where_the_document_came_from() -> None:
    (address,) = served("1.22").iter(f"{SOAP}address")

    assert address.get("location") == (
        "http://127.0.0.1:8931/app/api/soap/public/index.php?version=1.22&type=literal"
    )


def test_namespace_follows_the_portal() -> None:
    caller = Caller()
    caller.api.settings = SoapSettings(portal="login")

    document = etree.fromstring(caller.get(wsdl="").body)

    assert document.get("targetNamespace") == NAMESPACE.replace("secure", "login")


def test_address_of_a_hostile_host_stays_one_attribute() -> None:
    caller = Caller()
    answer = caller.api.answer(
        Request(method="GET", path="/x", query={"wsdl": ""}, host='a"/><b c="&')
    )

    (address,) = etree.fromstring(answer.body).iter(f"{SOAP}address")
    assert 'a"/><b c="&' in (address.get("location") or "")

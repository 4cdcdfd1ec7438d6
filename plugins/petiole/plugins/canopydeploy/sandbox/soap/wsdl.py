"""Writes the WSDL of a version from the facts."""

from collections.abc import Iterator
from functools import cache
from xml.sax.saxutils import quoteattr

from petiole.plugins.canopydeploy.sandbox.soap.facts import (
    PRIMITIVES,
    Interface,
    Part,
    Signature,
    Structure,
    interfaces,
    namespace,
)

_LOCATION = "{location}"
_NAMESPACES = (
    'xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" '
    'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)
_BODY = '<soap:body use="literal"/>'


def write_wsdl(version: str, *, portal: str, location: str) -> bytes:
    """Write the document of a known version, its port at `location`."""
    return _template(version, portal).replace(_LOCATION, quoteattr(location)).encode()


@cache
def _template(version: str, portal: str) -> str:
    return "\n".join(_lines(interfaces()[version], namespace(portal)))


def _lines(interface: Interface, target: str) -> Iterator[str]:
    signatures = interface.signatures.values()
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield (
        f'<wsdl:definitions name="clangAPI" targetNamespace="{target}" '
        f'xmlns:tns="{target}" {_NAMESPACES}>'
    )
    yield (f'<wsdl:types><xsd:schema elementFormDefault="qualified" targetNamespace="{target}">')
    for structure in interface.structures.values():
        yield from _complex_type(structure)
    for signature in signatures:
        yield from _elements(signature)
    yield "</xsd:schema></wsdl:types>"
    for signature in signatures:
        yield from _messages(signature.name)
    yield '<wsdl:portType name="clangService">'
    for signature in signatures:
        yield _abstract(signature.name)
    yield "</wsdl:portType>"
    yield (
        '<wsdl:binding name="clangBinding" type="tns:clangService">'
        '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>'
    )
    for signature in signatures:
        yield _concrete(signature.name)
    yield "</wsdl:binding>"
    yield (
        '<wsdl:service name="clangAPI"><wsdl:port name="clangPort" binding="tns:clangBinding">'
        f"<soap:address location={_LOCATION}/></wsdl:port></wsdl:service>"
    )
    yield "</wsdl:definitions>"


def _complex_type(structure: Structure) -> Iterator[str]:
    most = "unbounded" if structure.is_array else "1"
    yield f'<xsd:complexType name="{structure.name}"><xsd:sequence>'
    for part in structure.parts:
        yield _element(part, occurrence=f' minOccurs="0" maxOccurs="{most}"')
    yield "</xsd:sequence></xsd:complexType>"


def _elements(signature: Signature) -> Iterator[str]:
    token = Part(name="uuid", type="string")
    answer = (Part(name="code", type="integer"), Part(name="msg", type=signature.answer))
    for name, parts in (
        (signature.name, (token, *signature.arguments)),
        (f"{signature.name}Response", answer),
    ):
        yield f'<xsd:element name="{name}"><xsd:complexType><xsd:sequence>'
        yield from map(_element, parts)
        yield "</xsd:sequence></xsd:complexType></xsd:element>"


def _element(part: Part, occurrence: str = "") -> str:
    prefix = "xsd" if part.type in PRIMITIVES else "tns"
    nillable = ' nillable="true"' if part.nillable else ""
    return f'<xsd:element name="{part.name}" type="{prefix}:{part.type}"{occurrence}{nillable}/>'


def _messages(operation: str) -> Iterator[str]:
    for message, element in (("Request", ""), ("Response", "Response")):
        yield (
            f'<wsdl:message name="{operation}{message}">'
            f'<wsdl:part name="parameters" element="tns:{operation}{element}"/></wsdl:message>'
        )


def _abstract(operation: str) -> str:
    return (
        f'<wsdl:operation name="{operation}"><wsdl:input message="tns:{operation}Request"/>'
        f'<wsdl:output message="tns:{operation}Response"/></wsdl:operation>'
    )


def _concrete(operation: str) -> str:
    return (
        f'<wsdl:operation name="{operation}"><soap:operation soapAction=""/>'
        f"<wsdl:input>{_BODY}</wsdl:input><wsdl:output>{_BODY}</wsdl:output></wsdl:operation>"
    )

"""SOAP 1.1 envelopes: the call out of a request's body, and the answer or fault around a result.

Parsing is hardened: no DTD, hence no entities, no network, and libxml2's own bounds on depth and
size. Answers carry the namespace of the request, with the prefixes that the platform's own have in
public fixtures; a fault's code stands bare, as public clients search for it by text.
"""

from dataclasses import dataclass

from lxml import etree

from petiole.plugins.canopydeploy.sandbox.soap.decode import children
from petiole.plugins.canopydeploy.sandbox.soap.encode import XSI, Writer, fit_for_xml
from petiole.plugins.canopydeploy.sandbox.soap.facts import Interface, Part
from petiole.plugins.canopydeploy.sandbox.soap.faults import SoapFault, malformed
from petiole.plugins.canopydeploy.sandbox.soap.values import Value

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A call as it stands in the body: the operation's name, its namespace and its element."""

    operation: str
    namespace: str
    element: etree._Element


def read_invocation(body: bytes) -> Invocation:
    """Read the one call of an envelope.

    Raises:
        SoapFault: 101, this is no XML, holds a DTD, or is no SOAP 1.1 envelope with one call.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise malformed("Malformed XML") from None
    if _document_type(root) is not None:
        raise malformed("A document type declaration is not allowed")
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        raise malformed("Not a SOAP 1.1 envelope")
    content = root.find(f"{{{ENVELOPE}}}Body")
    calls = [] if content is None else children(content)
    if len(calls) != 1:
        raise malformed("The body must hold exactly one call")
    operation, element = calls[0]
    namespace = etree.QName(element).namespace or ""
    return Invocation(operation=operation, namespace=namespace, element=element)


def write_result(
    invocation: Invocation, value: Value, *, answer: str, interface: Interface
) -> bytes:
    """Write a success: code 0, and `value` as `msg`, nil where it is None."""
    namespaces = {"SOAP-ENV": ENVELOPE, "xsi": XSI}
    if invocation.namespace:
        namespaces["ns1"] = invocation.namespace
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap=namespaces)
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    name = f"{invocation.operation}Response"
    response = etree.SubElement(body, etree.QName(invocation.namespace or None, name))
    writer = Writer(interface, namespace=invocation.namespace)
    writer.write(response, Part(name="code", type="integer"), 0)
    message = Part(name="msg", type=answer)
    if value is None:
        writer.write_nil(response, message)
    else:
        writer.write(response, message, value)
    return _serialise(envelope)


def write_fault(fault: SoapFault) -> bytes:
    """Write a fault."""
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"SOAP-ENV": ENVELOPE})
    body = etree.SubElement(envelope, f"{{{ENVELOPE}}}Body")
    element = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    etree.SubElement(element, "faultcode").text = fault.code
    etree.SubElement(element, "faultstring").text = fit_for_xml(str(fault))
    return _serialise(envelope)


def _document_type(root: etree._Element) -> etree.DTD | None:
    return root.getroottree().docinfo.internalDTD


def _serialise(envelope: etree._Element) -> bytes:
    return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")

"""Compares two descriptions (WSDL) of the platform's interface, operation by operation.

Read with nothing but an XML parser: the platform's own description cannot be loaded by a SOAP
library, since it names a type that does not exist (seen in version 1.24).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from petiole.adapters.canopydeploy.soap.envelope import parsed

_SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD_NAMESPACE = "http://www.w3.org/2001/XMLSchema"
_XSD = f"{{{_XSD_NAMESPACE}}}"
_NO_TYPE = "complexType"


class Part(NamedTuple):
    """An element of a message or of a type: name, type, occurrence, and whether it may be nil.

    `form` is empty where it is that of the whole schema.
    """

    name: str
    type: str | None
    least: str
    most: str
    nillable: str
    form: str

    def fits(self, other: "Part") -> bool:
        """Whether both say the same; a type that does not exist says nothing."""
        if self.type is None or other.type is None:
            return self._replace(type=None) == other._replace(type=None)
        return self == other


Parts = Sequence[Part]


class Bound(NamedTuple):
    """How an operation travels in SOAP 1.1; the order of the names is that of telling."""

    style: str
    use: str
    transport: str
    action: str

    def unlike(self, other: "Bound") -> Sequence[str]:
        """Tell what the other says otherwise."""
        pairs = zip(self._fields, self, other, strict=True)
        return [f'{name} "{yours}"' for name, mine, yours in pairs if mine != yours]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """An interface: its namespace, its operations, and the structures of all its elements.

    `form` says whether elements inside of a message are in the namespace.
    """

    namespace: str
    operations: frozenset[str]
    elements: Mapping[str, Parts]
    """Parts of each message, named like the operation, with `Response` behind it for its answer."""
    types: Mapping[str, Parts]
    form: str
    bindings: Mapping[str, Sequence[Bound]]
    addresses: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How another description differs from ours, in names of operations.

    `travel` has what is otherwise about the way of calls, such as `style "rpc"`, and whose calls.
    """

    missing: Sequence[str]
    changed: Sequence[str]
    added: Sequence[str]
    travel: Mapping[str, Sequence[str]]


def described(wsdl: bytes) -> Description:
    """Read a description.

    Raises:
        ValueError: this is no XML, holds a document type declaration, or describes no interface.
    """
    root = parsed(wsdl)
    namespace = root.get("targetNamespace")
    if root.tag != f"{_WSDL}definitions" or namespace is None:
        raise ValueError("it is no WSDL")
    schemas = [
        schema
        for schema in root.iter(f"{_XSD}schema")
        if schema.get("targetNamespace") == namespace
    ]
    return Description(
        namespace=namespace,
        operations=frozenset(
            operation.get("name", "")
            for port in root.iterfind(f"{_WSDL}portType")
            for operation in port.iterfind(f"{_WSDL}operation")
        ),
        elements=dict(_structures(schemas, "element", namespace)),
        types=dict(_structures(schemas, "complexType", namespace)),
        form=" or ".join(sorted({_form(schema) for schema in schemas})),
        bindings=_bindings(root),
        addresses=[
            address.get("location", "")
            for address in root.iterfind(f"{_WSDL}service/{_WSDL}port/{_SOAP}address")
        ],
    )


def compared(ours: Description, theirs: Description) -> Difference:
    """Tell what theirs lacks, says otherwise, and has beyond ours."""
    both = sorted(ours.operations & theirs.operations)
    return Difference(
        missing=sorted(ours.operations - theirs.operations),
        changed=[name for name in both if not _same(name, ours, theirs)],
        added=sorted(theirs.operations - ours.operations),
        travel=_travel(both, ours, theirs),
    )


def _travel(
    operations: Sequence[str], ours: Description, theirs: Description
) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    if theirs.form and ours.form != theirs.form:
        found[f'elementFormDefault "{theirs.form}"'] = list(operations)
    for name in operations:
        for told in _unlike(ours.bindings.get(name, ()), theirs.bindings.get(name, ())):
            found.setdefault(told, []).append(name)
    return found


def _unlike(ours: Sequence[Bound], theirs: Sequence[Bound]) -> Sequence[str]:
    """Tell what is otherwise; one way in common is enough."""
    if not ours or not set(ours).isdisjoint(theirs):
        return ()
    return ours[0].unlike(theirs[0]) if theirs else ["no binding to SOAP 1.1"]


def _bindings(root: etree._Element) -> Mapping[str, Sequence[Bound]]:
    found: dict[str, list[Bound]] = {}
    for binding in root.iterfind(f"{_WSDL}binding"):
        whole = binding.find(f"{_SOAP}binding")
        if whole is None:
            continue
        for operation in binding.iterfind(f"{_WSDL}operation"):
            found.setdefault(operation.get("name", ""), []).append(_bound(operation, whole))
    return found


def _bound(operation: etree._Element, whole: etree._Element) -> Bound:
    """Read one; defaults are those of WSDL 1.1, section 3, and literal where no use is told."""
    told: Mapping[str, str] = {
        str(name): str(value)
        for own in operation.iterfind(f"{_SOAP}operation")
        for name, value in own.attrib.items()
    }
    uses = {body.get("use", "literal") for body in operation.iterfind(f"*/{_SOAP}body")}
    return Bound(
        style=told.get("style", whole.get("style", "document")),
        use=" and ".join(sorted(uses)),
        transport=whole.get("transport", ""),
        action=told.get("soapAction", ""),
    )


def _form(schema: etree._Element) -> str:
    return schema.get("elementFormDefault", "unqualified")


def _same(operation: str, ours: Description, theirs: Description) -> bool:
    waiting = [operation, f"{operation}Response"]
    if not all(_fit(ours.elements.get(name), theirs.elements.get(name)) for name in waiting):
        return False
    seen: set[str] = set()
    parts = [part for name in waiting for part in ours.elements.get(name, ())]
    while parts:
        type_ = parts.pop().type
        if type_ is None or type_ in seen or type_ not in ours.types:
            continue
        seen.add(type_)
        if not _fit(ours.types[type_], theirs.types.get(type_)):
            return False
        parts.extend(ours.types[type_])
    return True


def _fit(ours: Parts | None, theirs: Parts | None) -> bool:
    if ours is None or theirs is None or len(ours) != len(theirs):
        return ours is None and theirs is None
    return all(mine.fits(yours) for mine, yours in zip(ours, theirs, strict=True))


def _structures(
    schemas: Sequence[etree._Element], tag: str, namespace: str
) -> Iterator[tuple[str, Parts]]:
    for schema in schemas:
        form = _form(schema)
        for found in schema.iterfind(f"{_XSD}{tag}"):
            yield (
                found.get("name", ""),
                [_part(element, namespace, form) for element in found.iter(f"{_XSD}element")][
                    1 if tag == "element" else 0 :
                ],
            )


def _part(element: etree._Element, namespace: str, form: str) -> Part:
    own = element.get("form", form)
    return Part(
        name=element.get("name", ""),
        type=_type(element, namespace),
        least=element.get("minOccurs", "1"),
        most=element.get("maxOccurs", "1"),
        nillable=element.get("nillable", "false"),
        form="" if own == form else own,
    )


def _type(element: etree._Element, namespace: str) -> str | None:
    """Name a type; one of the interface's own keeps its bare name."""
    prefix, _, name = element.get("type", "").rpartition(":")
    found = element.nsmap.get(prefix or None)
    if found == namespace:
        return name
    if found == _XSD_NAMESPACE and name == _NO_TYPE:
        return None
    return f"xsd:{name}"

"""Reads arguments from XML by the types of the interface.

As lenient as the platform: children are found by local name in any order and namespace, unknown
ones are passed over, and an empty number in a structure was not given. Public clients depend on
it: node's sends the token last and fields in whatever order an object has them. `strict` holds to
the schema instead.
"""

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from petiole.plugins.canopydeploy.sandbox.soap.facts import Interface, Part, Signature
from petiole.plugins.canopydeploy.sandbox.soap.faults import malformed
from petiole.plugins.canopydeploy.sandbox.soap.values import Record, Value

TOKEN = Part(name="uuid", type="string")

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_DIGITS = re.compile(r"[+-]?[0-9]{1,24}")
_LONG = range(-(2**63), 2**63)


def children(element: etree._Element) -> Sequence[tuple[str, etree._Element]]:
    """Answer the child elements, each with its local name."""
    return [(etree.QName(child).localname, child) for child in element.iterchildren("*")]


def read_token(call: etree._Element) -> str:
    """Answer the token of a call, empty if there is none."""
    for name, child in children(call):
        if name == TOKEN.name:
            return (child.text or "").strip()
    return ""


def read_arguments(
    call: etree._Element, signature: Signature, *, interface: Interface, strict: bool
) -> Record:
    """Read a call's arguments, token included; those that were not sent are absent.

    Raises:
        SoapFault: 101, an argument cannot be read, or `strict` and the schema disagrees.
    """
    parts = (TOKEN, *signature.arguments)
    if strict:
        _check_order(call, parts, all_due=True)
    return _Reader(interface, strict=strict).fields(call, parts)


class _Reader:
    """Reads values of one interface."""

    def __init__(self, interface: Interface, *, strict: bool) -> None:
        self._structures = interface.structures
        self._strict = strict

    def fields(self, element: etree._Element, parts: Sequence[Part]) -> dict[str, Value]:
        """Read the named children of a structure."""
        wanted = {part.name: part for part in parts}
        found: dict[str, Value] = {}
        for name, child in children(element):
            if name in found:
                raise malformed(f"Element [{name}] appears twice")
            if name in wanted:
                found[name] = self._value(child, wanted[name])
        return found

    def _value(self, element: etree._Element, part: Part) -> Value:
        if _FLAGS.get(element.get(_NIL, "").strip(), False):
            return None
        structure = self._structures.get(part.type)
        if structure is None:
            return _primitive(element, part)
        if (element.text or "").strip():
            raise malformed(f"Argument [{part.name}] must be a {part.type}")
        if structure.is_array:
            return self._items(element, structure.parts[0])
        if self._strict:
            _check_order(element, structure.parts, all_due=False)
        return self.fields(element, structure.parts)

    def _items(self, element: etree._Element, part: Part) -> list[Value]:
        items: list[Value] = []
        for name, child in children(element):
            if name == part.name:
                items.append(self._value(child, part))
            elif self._strict:
                raise malformed(f"Unexpected element [{name}]")
        return items


def _primitive(element: etree._Element, part: Part) -> Value:
    if len(element):
        raise malformed(f"Argument [{part.name}] must be a {part.type}")
    text = element.text or ""
    if part.type == "string":
        return text
    text = text.strip()
    if not text:
        return None
    try:
        return _convert(text, part.type)
    except (KeyError, ValueError):
        raise malformed(f"Argument [{part.name}] must be a {part.type}") from None


def _convert(text: str, kind: str) -> Value:
    if kind == "boolean":
        return _FLAGS[text]
    if kind == "double":
        return float(text)
    if not _DIGITS.fullmatch(text) or int(text) not in _LONG:
        raise ValueError
    return int(text)


def _check_order(element: etree._Element, parts: Sequence[Part], *, all_due: bool) -> None:
    """Hold the children to the sequence that the schema demands."""
    places: Mapping[str, int] = {part.name: place for place, part in enumerate(parts)}
    names = [name for name, _ in children(element)]
    for name in names:
        if name not in places:
            raise malformed(f"Unexpected element [{name}]")
    if all_due and (missing := places.keys() - set(names)):
        raise malformed(f"Missing argument [{min(missing, key=places.__getitem__)}]")
    if names != sorted(names, key=places.__getitem__):
        raise malformed(f"Elements of [{etree.QName(element).localname}] are out of order")

"""Writes results as XML by the types of the interface.

A text that was never set goes out as an empty element, an array always as an element; any other
value that is missing is nil where the version allows it, and left out where it does not.
"""

import re
from collections.abc import Mapping, Sequence

from lxml import etree

from petiole.plugins.canopydeploy.sandbox.soap.facts import Interface, Part
from petiole.plugins.canopydeploy.sandbox.soap.values import Value

XSI = "http://www.w3.org/2001/XMLSchema-instance"

_NIL = f"{{{XSI}}}nil"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit_for_xml(text: str) -> str:
    """Put a question mark in place of every character that XML cannot carry."""
    return _NOT_XML.sub("?", text)


class Writer:
    """Writes values of one interface into one namespace."""

    def __init__(self, interface: Interface, *, namespace: str) -> None:
        self._structures = interface.structures
        self._prefix = f"{{{namespace}}}" if namespace else ""

    def write(self, parent: etree._Element, part: Part, value: Value) -> None:
        """Append the element `part.name` holding `value` to `parent`."""
        structure = self._structures.get(part.type)
        if value is None and part.type != "string" and not (structure and structure.is_array):
            if part.nillable:
                self._element(parent, part).set(_NIL, "true")
            return
        element = self._element(parent, part)
        if structure is None:
            element.text = _text(value)
        elif structure.is_array:
            for item in value if isinstance(value, Sequence) else ():
                self.write(element, structure.parts[0], item)
        else:
            fields = value if isinstance(value, Mapping) else {}
            for field in structure.parts:
                self.write(element, field, fields.get(field.name))

    def write_nil(self, parent: etree._Element, part: Part) -> None:
        """Append a nil element, whatever the schema says of it."""
        self._element(parent, part).set(_NIL, "true")

    def _element(self, parent: etree._Element, part: Part) -> etree._Element:
        return etree.SubElement(parent, self._prefix + part.name)


def _text(value: Value) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return fit_for_xml(str(value)) or None

"""The pattern of a call: learnt from an envelope that zeep wrote, then filled in without it.

zeep looks up, checks and renders each element of each call anew, which takes longer than all the
rest of a call. What the elements of an operation are named and how they are nested is the same in
every call of it, so one envelope shows that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lxml import etree


@dataclass(frozen=True, slots=True)
class Pattern:
    """An element, and those that it holds: by their local names, in the order of the WSDL."""

    tag: str
    parts: Mapping[str, "Pattern"]

    @classmethod
    def of(cls, shown: etree._Element) -> Self:
        """Learn from an element; of those that repeat, one is enough."""
        return cls(str(shown.tag), {etree.QName(part).localname: cls.of(part) for part in shown})

    def fill(self, whole: etree._Element, value: object) -> None:
        """Append the element to a whole; for a list, one element for each of its items.

        Args:
            whole: what it becomes a part of.
            value: of each part by its name, or what becomes the text.

        Raises:
            TypeError: the value has other parts than the element.
            ValueError: a text cannot stand in XML.
        """
        if isinstance(value, list):
            for item in value:
                self.fill(whole, item)
            return
        element = etree.SubElement(whole, self.tag)
        if not self.parts:
            element.text = str(value)
        elif isinstance(value, dict) and value.keys() == self.parts.keys():
            for name, part in self.parts.items():
                part.fill(element, value[name])
        else:
            raise TypeError(f"{self.tag} has the parts {', '.join(self.parts)}")

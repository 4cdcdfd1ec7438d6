"""The shape of JSON and XML: names and structure stay, values become their kind and length."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice

Clean = Callable[[str], str]
"""Takes whatever is delicate out of somebody's words."""

PLATFORM_WORDS = frozenset({"error", "code", "message", "faultcode", "faultstring", "msg"})
"""Names whose values are the platform's own words, unless a profile has a field of that name."""

MOST_NAMES = 60
MOST_ITEMS = 3
MOST_DEPTH = 8
"""Of one object, of one array, and of one in another: nobody reads the shape of more."""

_BROKEN = re.compile(
    r'"(?P<text>[^"\\]*(?:\\.?[^"\\]*)*+)(?:"(?P<name>\s*:)?|\Z)|[^\s{}\[\],:"]+|(?P<space>\s+)',
    re.DOTALL,
)
_HARMLESS = re.compile(r"\d{1,3}|true|false", re.ASCII)
_XML = re.compile(
    r"<(?P<slash>/?)(?:[\w.-]+:)?(?P<name>[\w.-]+)[^<>]*>|(?P<other><[^>]*(?:>|\Z))|(?P<text>[^<]+)"
)


def json_shape(text: str, *, known: Collection[str], clean: Clean) -> str:
    """Return the shape of a JSON document; of one that is cut off or broken, what there is of it.

    Args:
        text: the document.
        known: names of fields, which are shown as they are; other names may hold anything.
        clean: for other names, and for the platform's words.
    """
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        return _broken_shape(text, known)
    return value_shape(document, known=known, clean=clean)


def value_shape(
    value: object, *, known: Collection[str], clean: Clean, clean_name: Clean | None = None
) -> str:
    """Return the shape of a value that JSON can hold; `clean_name` is for names, if they differ."""
    return _Shaper(known, clean, clean_name or clean).shape(value, "", MOST_DEPTH)


def hidden(text: str) -> str:
    """Tell a text by its length: what costs less than cleaning it."""
    return f"text of {len(text)}"


def xml_shape(text: str, *, clean: Clean) -> str:
    """Return the shape of XML, or of what is left of it: elements without their attributes."""
    name = ""

    def shaped(found: re.Match[str]) -> str:
        nonlocal name
        if found["name"]:
            name = "" if found["slash"] else found["name"]
            return f"<{found['slash']}{found['name']}>"
        if found["other"]:
            return "<!…>" if found["other"].startswith("<!") else ""
        value = found["text"].strip()
        if not value:
            return ""
        own = name in PLATFORM_WORDS and found.end() < len(text)
        return _own(value, clean) if own else f"text of {len(value)}"

    return _XML.sub(shaped, text)


class _Shaper:
    """Writes shapes, down to a depth."""

    def __init__(self, known: Collection[str], clean: Clean, clean_name: Clean) -> None:
        self._known = known
        self._clean = clean
        self._clean_name = clean_name

    def shape(self, value: object, name: str, depth: int) -> str:
        own = name in PLATFORM_WORDS and name not in self._known
        if isinstance(value, str):
            return f'"{_own(value, self._clean)}"' if own else f"text of {len(value)}"
        if isinstance(value, dict):
            return f"{{{self._parts(value, depth - 1)}}}" if depth else "…"
        if isinstance(value, list):
            return f"[{self._items(value, depth - 1)}]" if depth else "…"
        if value is None or isinstance(value, bool):
            return "null" if value is None else "true or false"
        number = str(value)
        return _own(number, self._clean) if own else f"number of {len(number)}"

    def _parts(self, parts: Mapping[str, object], depth: int) -> str:
        shapes = [
            f'"{self._name(name)}":{self.shape(part, name, depth)}'
            for name, part in islice(parts.items(), MOST_NAMES)
        ]
        return ",".join([*shapes, "…"] if len(parts) > MOST_NAMES else shapes)

    def _items(self, items: Sequence[object], depth: int) -> str:
        shapes = [self.shape(item, "", depth) for item in items[:MOST_ITEMS]]
        return ",".join([*shapes, "…"] if len(items) > MOST_ITEMS else shapes)

    def _name(self, name: str) -> str:
        return name if name in self._known or name in PLATFORM_WORDS else self._clean_name(name)


def _own(text: str, clean: Clean) -> str:
    """Clean the platform's own words; the most frequent of them need none."""
    return text if _HARMLESS.fullmatch(text) else clean(text)


def _broken_shape(text: str, known: Collection[str]) -> str:
    """Hide every word but the known names; where a document is broken, nothing else is sure."""

    def shaped(found: re.Match[str]) -> str:
        if found["space"]:
            return ""
        if found["name"] and found["text"] in known:
            return f'"{found["text"]}":'
        return f"text of {len(found['text'] or found[0])}{':' if found['name'] else ''}"

    return _BROKEN.sub(shaped, text)

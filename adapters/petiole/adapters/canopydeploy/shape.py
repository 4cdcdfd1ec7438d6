"""The shape of JSON and XML: names and structure stay, values become their kind and length."""

import json
import re
from collections.abc import Callable, Collection
from itertools import islice

Clean = Callable[[str], str]
"""Takes whatever is delicate out of somebody's words."""

PLATFORM_WORDS = frozenset({"error", "code", "message", "faultcode", "faultstring", "msg"})
"""Names whose values are the platform's own words, unless a profile has a field of that name."""

MOST_NAMES = 60
MOST_ITEMS = 3
"""Of one object and of one array: nobody reads the shape of more."""

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


def value_shape(value: object, *, known: Collection[str], clean: Clean, name: str = "") -> str:
    """Return the shape of a value that JSON can hold; `name` is the one that it has."""
    own = name in PLATFORM_WORDS and name not in known
    match value:
        case str():
            return f'"{_own(value, clean)}"' if own else f"text of {len(value)}"
        case bool():
            return "true or false"
        case int() | float():
            text = str(value)
            return _own(text, clean) if own else f"number of {len(text)}"
        case dict():
            parts = []
            for key, part in islice(value.items(), MOST_NAMES):
                shown = key if key in known or key in PLATFORM_WORDS else clean(key)
                shape = value_shape(part, known=known, clean=clean, name=key)
                parts.append(f'"{shown}":{shape}')
            return f"{{{','.join(parts)}{',…' if len(value) > MOST_NAMES else ''}}}"
        case list():
            shapes = (
                value_shape(part, known=known, clean=clean) for part in islice(value, MOST_ITEMS)
            )
            return f"[{','.join(shapes)}{',…' if len(value) > MOST_ITEMS else ''}]"
        case _:
            return "null"


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

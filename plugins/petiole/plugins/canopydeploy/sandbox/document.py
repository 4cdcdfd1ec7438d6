"""A JSON object as somebody sent it, read key by key at the edge."""

import json
import math
import re
from collections.abc import Mapping
from textwrap import shorten

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[ -~]*")

SHOWN_CHARACTERS = 60


class Nonsense(ValueError):
    """What was sent makes no sense; the caller must send something else."""


class Document:
    """A JSON object whose every key must be read: `finish` refuses what is left over.

    A getter without a default refuses a missing key; every refusal is Nonsense and names the
    place and the key.
    """

    def __init__(self, content: object, *, where: str) -> None:
        if not isinstance(content, Mapping):
            raise Nonsense(f"{where} must be a JSON object, not {_shown(content)}")
        self.where = where
        self.content: Mapping[str, object] = content
        self._read: set[str] = set()

    @classmethod
    def parse(cls, body: bytes, *, where: str) -> "Document":
        """Read a request body; an empty one is an empty object."""
        try:
            return cls(json.loads(body or b"{}"), where=where)
        except (ValueError, RecursionError) as problem:
            if isinstance(problem, Nonsense):
                raise
            raise Nonsense(f"{where} is not valid JSON") from None

    def __contains__(self, key: str) -> bool:
        return key in self.content

    def text(self, key: str, default: str | None = None) -> str:
        """Read a string that is not empty."""
        value = self._value(key, default)
        if not isinstance(value, str) or not value:
            raise self._refusal(key, "a string that is not empty", value)
        return value

    def whole(self, key: str, default: int | None = None, *, least: int = 0) -> int:
        """Read an integer of at least `least`."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._refusal(key, f"an integer of at least {least}", value)
        return value

    def number(
        self, key: str, default: float | None = None, *, least: float = 0.0, most: float = math.inf
    ) -> float:
        """Read a finite number between `least` and `most`."""
        value = self._value(key, default)
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not math.isfinite(value)
            or not least <= value <= most
        ):
            raise self._refusal(key, f"a number from {least:g} to {most:g}", value)
        return value

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """Read true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self._refusal(key, "true or false", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Read a list of strings, at least one."""
        value = self._value(key, None)
        if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
            raise self._refusal(key, "a list of strings, at least one", value)
        return tuple(value)

    def wholes(self, key: str, *, least: int = 1) -> tuple[int, ...]:
        """Read a list of integers, at least one of them, each at least `least`."""
        value = self._value(key, None)
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(v, int) and not isinstance(v, bool) and v >= least for v in value)
        ):
            raise self._refusal(key, f"a list of integers from {least}, at least one", value)
        return tuple(value)

    def entries(self, key: str) -> list[object]:
        """Read a list of whatever."""
        value = self._value(key, None)
        if not isinstance(value, list):
            raise self._refusal(key, "a list", value)
        return value

    def documents(self, key: str) -> "list[Document]":
        """Read a list of objects."""
        value = self._value(key, None)
        if not isinstance(value, list):
            raise self._refusal(key, "a list of objects", value)
        return [Document(v, where=f"{self.where}: {key}[{i}]") for i, v in enumerate(value)]

    def document(self, key: str) -> "Document":
        """Read an object."""
        return Document(self._value(key, None), where=f"{self.where}: {key}")

    def headers(self, key: str) -> dict[str, str]:
        """Read an object of strings that can stand in a header; none by default."""
        value = self._value(key, {})
        if not isinstance(value, dict) or not all(
            NAME.fullmatch(name) and isinstance(text, str) and VALUE.fullmatch(text)
            for name, text in value.items()
        ):
            raise self._refusal(key, "an object of strings that fit into headers", value)
        return value

    def missing(self, key: str) -> bool:
        """Tell whether a key is absent or null, and count it as read."""
        self._read.add(key)
        return self.content.get(key) is None

    def finish(self) -> None:
        """Refuse the keys that nobody read."""
        unknown = sorted(set(self.content) - self._read)
        if unknown:
            raise Nonsense(f"{self.where} does not know {', '.join(unknown)}")

    def _value(self, key: str, default: object) -> object:
        self._read.add(key)
        if key not in self.content and default is None:
            raise Nonsense(f"{self.where} lacks {key}")
        return self.content.get(key, default)

    def _refusal(self, key: str, wanted: str, value: object) -> Nonsense:
        return Nonsense(f"{self.where}: {key} must be {wanted}, not {_shown(value)}")


def _shown(value: object) -> str:
    """Show a value in a refusal, shortened."""
    return shorten(json.dumps(value), SHOWN_CHARACTERS, placeholder=" ...")

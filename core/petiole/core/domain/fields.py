"""The data of a profile: finished JSON text, encoded once and spliced into requests."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"

FINGERPRINT_BYTES = 16

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


@dataclass(frozen=True, slots=True)
class Fields:
    """Platform field -> value, as canonical JSON text: one object, keys sorted, no spaces."""

    text: str = "{}"

    @classmethod
    def of(cls, values: Mapping[str, JsonValue]) -> Self:
        """Encode; equal mappings give equal text, whatever the order of their keys.

        Raises:
            ValueError: a number is NaN or infinite, or a text holds half a character (a lone
                surrogate): JSON in UTF-8 can carry neither.
        """
        text = _encode(dict(values))
        if not text.isascii():
            _refuse_surrogates(text)
        return cls(text)

    def values(self) -> dict[str, JsonValue]:
        """Decode into a fresh mapping."""
        decoded: dict[str, JsonValue] = json.loads(self.text)
        return decoded

    def merged_with(self, later: Self) -> Self:
        """Both sets of fields; where both name one, the later value wins."""
        return type(self).of(self.values() | later.values())

    @property
    def fingerprint(self) -> bytes:
        """16 bytes that differ when the data differs (BLAKE2b); tells nothing about the data."""
        return hashlib.blake2b(self.text.encode(), digest_size=FINGERPRINT_BYTES).digest()

    def __bool__(self) -> bool:
        """Whether any field is there."""
        return self.text != "{}"


def _refuse_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        # The cause would carry the whole text along.
        raise ValueError("a text holds half a character (a lone surrogate); mend it") from None

"""The data of a profile: finished JSON text, encoded once and spliced into requests."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Self, TypeAlias

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"

FINGERPRINT_BYTES = 16

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode
_ESCAPED = bytes(range(ord(" "))) + b'"\\'
_begin_hash = hashlib.blake2b(digest_size=FINGERPRINT_BYTES).copy


def fingerprint_of(text: str) -> bytes:
    """Make the fingerprint of fields from their text."""
    hashed = _begin_hash()  # sooner done than to set up another one
    hashed.update(text.encode())
    return hashed.digest()


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
        return fingerprint_of(self.text)

    def __bool__(self) -> bool:
        """Whether any field is there."""
        return self.text != "{}"


def text_form(places: Mapping[str, int]) -> Callable[[Sequence[Sequence[str]]], list[str]]:
    """Return what encodes rows that have the same columns and hold nothing but text.

    It makes the texts that `Fields.of` makes in a sixth of the time: what the rows have in common
    is encoded once. Measured by tests/benchmarks/bench_reading.py.

    Args:
        places: platform field -> which cell of a row it takes, from 0 on.
    """
    if not places:
        return lambda rows: [Fields().text] * len(rows)
    names = sorted(places)
    pick = _picker([places[name] for name in names])
    # The whole text in pieces; every other one, from the second on, is a gap for a cell.
    form = [piece for name in names for piece in (f'",{encode_basestring(name)}:"', "")]
    form = ["{" + form[0].removeprefix('",'), *form[1:], '"}']
    gaps = slice(1, None, 2)
    names_are_plain = _is_plain("".join(names))

    def texts(rows: Sequence[Sequence[str]]) -> list[str]:
        picked = list(map(pick, rows))
        are_plain = names_are_plain and _is_plain("".join(map("".join, picked)))
        made = []
        for cells in picked:
            pieces = form.copy()
            pieces[gaps] = cells if are_plain or _is_plain("".join(cells)) else map(_escaped, cells)
            made.append("".join(pieces))
        if not are_plain:
            _refuse_surrogates("".join(made))
        return made

    return texts


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    # For one place alone, an itemgetter would give the bare cell.
    return itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))


def _is_plain(text: str) -> bool:
    """Tell whether JSON takes a text as it stands."""
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded.translate(None, _ESCAPED)) == len(encoded)


def _escaped(text: str) -> str:
    return encode_basestring(text)[1:-1]


def _refuse_surrogates(text: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        # The cause would carry the whole text along.
        raise ValueError("a text holds half a character (a lone surrogate); mend it") from None

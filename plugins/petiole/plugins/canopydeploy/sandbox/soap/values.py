"""What the wire's values are in Python, after decoding and before encoding."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "str | int | float | Record | Sequence[Value] | None"
"""A text, a number, a flag, nothing, a structure, or the items of an array."""

Record: TypeAlias = Mapping[str, Value]
"""A structure by the vendor's field names; a name that is absent was not given."""


def records_in(value: Value) -> Sequence[Record]:
    """Answer the structures of an array; none for anything else."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [each for each in value if isinstance(each, Mapping)]
    return []


def text_in(record: Record, name: str) -> str:
    """Answer a text field, empty if it was not given."""
    value = record.get(name)
    return value if isinstance(value, str) else ""


def number_in(record: Record, name: str) -> int | None:
    """Answer a number field, None if it was not given."""
    value = record.get(name)
    return value if isinstance(value, int) else None


def is_filled(value: Value) -> bool:
    """Tell whether a value says anything: no blank text, empty array or structure of such."""
    if isinstance(value, Mapping):
        return any(is_filled(each) for each in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(is_filled(each) for each in value)
    return value not in {None, ""}


def matches(wanted: Value, found: Value) -> bool:
    """Tell whether every filled part of `wanted` equals its part of `found`.

    An array matches if each of its filled items matches some item. That lookups by object compare
    exactly and join by AND is assumed, after a public client's stand-in.
    """
    if not is_filled(wanted):
        return True
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            matches(value, found.get(name)) for name, value in wanted.items()
        )
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        items = records_in(found)
        return all(any(matches(each, item) for item in items) for each in wanted)
    return wanted == found

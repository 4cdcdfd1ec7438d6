"""What is wrong with a manifest, in words for its author."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LIST = 'a list is wanted, such as ["one", "two"]'
_NUMBER = "a whole number is wanted, without quotes and without a point"
_TABLE = "a table is wanted"

_WORDS: Mapping[str, str] = {
    "bool_type": "true or false is wanted, without quotes",
    "int_from_float": _NUMBER,
    "int_type": _NUMBER,
    "is_instance_of": _LIST,
    "list_type": _LIST,
    "model_attributes_type": _TABLE,
    "model_type": _TABLE,
    "sequence_str": _LIST,
    "string_too_short": "must not be empty",
    "string_type": "a text is wanted, in quotes",
}
_LIST_TYPES = {code for code, words in _WORDS.items() if words == _LIST}

ADAPTERS = "adapters"
"""The key whose tables are easily written with too few brackets."""


def explained(
    error: ValidationError, models: Mapping[bool, type[BaseModel]], *, first: str = ""
) -> str:
    """Put one trouble into a sentence: that with the key `first`, or an unknown key, or any.

    `models` are those that know the keys: by whether it is an adapter's key.
    """
    # Before all others comes an unknown key: the one that is missing may be the same, misspelt.
    found = error.errors(include_url=False, include_input=False)
    one = min(found, key=lambda one: (one["loc"] != (first,), one["type"] != "extra_forbidden"))
    where = ".".join(str(part) for part in one["loc"])
    if one["type"] == "extra_forbidden":
        known = models[one["loc"][0] == ADAPTERS].model_fields
        return f"unknown key {where!r}; {nearest(str(one['loc'][-1]), known)}"
    if one["type"] == "missing":
        return f"the key {where!r} is missing"
    told = _told(one)
    return f"{where}: {told}" if where else told


def nearest(word: str, known: Collection[str]) -> str:
    """Offer the nearest known word, or all of them."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"


def _told(one: "ErrorDetails") -> str:
    if one["loc"] == (ADAPTERS,) and one["type"] in _LIST_TYPES:
        return "write [[adapters]], in double brackets, above each of them"
    if one["type"] in {"enum", "literal_error"}:
        return f"must be {one['ctx']['expected']}"
    if one["type"] == "greater_than_equal":
        return f"must be at least {one['ctx']['ge']}"
    return _WORDS.get(one["type"], one["msg"].removeprefix("Value error, "))

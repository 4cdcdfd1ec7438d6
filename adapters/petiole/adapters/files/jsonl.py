"""Rows out of JSON lines: one object a line."""

import json
import math
from collections.abc import Iterator
from itertools import chain
from typing import NoReturn

from petiole.core.domain.fields import JsonValue
from petiole.core.errors import AudienceError
from petiole.core.ports.audience import AudienceRow, RefusedRow, SourceRow


class _Unfit(ValueError):
    """Valid JSON for Python, and still nothing that a profile can hold."""


def _refuse_constant(name: str) -> NoReturn:
    raise _Unfit(f"{name} is no JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise _Unfit("a number is too large")
    return number


def _distinct(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _Unfit("a key stands in the object twice")
    return values


_KINDS = {list: "an array", str: "a text", bool: "true or false", type(None): "null"}

_decode = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_distinct
).decode


class JsonLines:
    """Objects, each with its own keys; nested values pass as they are."""

    columns = None

    def __init__(self, lines: Iterator[str], *, name: str) -> None:
        """Look at the first line.

        Raises:
            AudienceError: nothing is there, or one big JSON array.
        """
        self._rows = _read(lines)
        first = next(self._rows, None)
        if first is None:
            raise AudienceError(f"{name} is empty")
        self._first = first

    def rows(self) -> Iterator[SourceRow]:
        """Yield every row once."""
        return chain((self._first,), self._rows)


def _read(lines: Iterator[str]) -> Iterator[SourceRow]:
    for number, line in enumerate(lines, start=1):
        if line and not line.isspace():
            yield _row(number, line)


def _row(number: int, line: str) -> SourceRow:
    try:
        values: object = _decode(line)
        if "\\u" in line:
            # An escaped half of a surrogate pair is a str for Python, but no text that can be sent.
            json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        return RefusedRow(number, _why(error))
    if not isinstance(values, dict):
        kind = _KINDS.get(type(values), "a number")
        return RefusedRow(number, f"a JSON object is expected, this is {kind}")
    return AudienceRow(number, values)


def _why(error: ValueError | RecursionError) -> str:
    match error:
        case _Unfit():
            return str(error)
        case json.JSONDecodeError():
            return f"broken JSON at character {error.colno}: {error.msg}"
        case UnicodeEncodeError():
            return "half of a surrogate pair (\\ud800 to \\udfff) is no character"
        case RecursionError():
            return "the JSON is nested too deeply"
        case _:
            return "a number has too many digits"

"""The column types: what each accepts, and how it is stored.

What is accepted is documented by the vendor; how it is returned is assumed.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from petiole.plugins.canopydeploy.sandbox.datamodel.moment import read_date, read_moment, read_time

MOST_STRING_BYTES = 1_048_576
"""The stricter of the two documented limits."""

LARGEST_NUMBER = 2**63 - 1

WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
REAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")

TRUE_TEXTS = frozenset({"1", "true", "on", "yes"})


class Misfit(ValueError):
    """A value does not fit into its column; the text says what it is not."""


class Kind(StrEnum):
    """A column type, under the name that the model description prints."""

    STRING = "string"
    NUMBER = "number"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"

    def stored(self, value: object, *, now: datetime) -> object:
        """Return a value as it is stored, or raise Misfit; relative dates count from `now`.

        `null` empties any column, except that Yes/No takes it, like every value that is not
        true, for No.
        """
        if value is None and self is not Kind.BOOLEAN:
            return None
        try:
            if self in MOMENTS:
                return MOMENTS[self](_text(value), now)
            return READERS[self](value)
        except ValueError as problem:
            raise Misfit(str(problem)) from None
        except OverflowError:
            raise Misfit("is out of range") from None


def _string(value: object) -> str:
    if isinstance(value, bool | list | dict):
        raise Misfit("is not text")
    text = str(value)
    if len(text.encode(errors="replace")) > MOST_STRING_BYTES:
        raise Misfit(f"is longer than {MOST_STRING_BYTES} bytes")
    return text


def _number(value: object) -> int:
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_NUMBER:
        raise Misfit("is not a whole number")
    return value


def _decimal(value: object) -> float:
    if isinstance(value, str) and REAL.fullmatch(value.strip()):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Misfit("is not a number with a decimal point")
    real = float(value)
    if not math.isfinite(real):
        raise OverflowError
    return real


def _boolean(value: object) -> bool:
    """Read Yes/No, which never fails: whatever is not true is false."""
    if isinstance(value, str):
        return value.lower() in TRUE_TEXTS
    return value is True or (value == 1 and isinstance(value, int))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Misfit("is not text")
    return value


READERS: Mapping[Kind, Callable[[object], object]] = {
    Kind.STRING: _string,
    Kind.NUMBER: _number,
    Kind.DECIMAL: _decimal,
    Kind.BOOLEAN: _boolean,
}

MOMENTS: Mapping[Kind, Callable[[str, datetime], str]] = {
    Kind.DATE: read_date,
    Kind.TIME: read_time,
    Kind.DATETIME: read_moment,
}

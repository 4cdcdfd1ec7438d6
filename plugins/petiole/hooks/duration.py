"""Durations as people write them in settings: "20m", "1h30m", "90s", "250ms", or seconds."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


def parse_duration(value: object) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: not a duration, or negative.
    """
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        duration = _seconds(value)
    else:
        text = str(value).strip().lower().replace(" ", "")
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            raise ValueError('not a duration; write for example "20m", "1h30m", "90s" or "250ms"')
        duration = sum(
            (_seconds(float(number) * _UNITS[unit].total_seconds()) for number, unit in parts),
            timedelta(),
        )
    if duration < timedelta():
        raise ValueError("a duration cannot be negative")
    return duration


def _seconds(number: float) -> timedelta:
    try:
        return timedelta(seconds=number)
    except OverflowError as error:
        raise ValueError("a duration is at most some million years long") from error


def format_duration(duration: timedelta) -> str:
    """Write a duration with its two largest units, such as "19m 58s"."""
    seconds = round(duration.total_seconds())
    if seconds < 1:
        return f"{round(duration.total_seconds() * 1000)}ms" if duration else "0s"
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "format": "duration as in 1h30m",
            "pattern": rf"^\s*({_PART.pattern}\s*)+$",
            "minimum": 0,
            "examples": ["20m", "1h30m", "90s", "250ms"],
        }
    ),
]

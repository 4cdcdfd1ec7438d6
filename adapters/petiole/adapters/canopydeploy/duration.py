"""Durations as people write them in settings: 30, "30s", "20m", "1h30m" or ISO 8601."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)\s*", re.IGNORECASE)


def _parsed(value: object) -> object:
    """Turn "1h30m" into a span; seconds and ISO 8601 are pydantic's own."""
    if not isinstance(value, str) or not _PART.match(value.strip()):
        return value
    seconds = 0.0
    rest = value.strip()
    while part := _PART.match(rest):
        seconds += float(part[1]) * _UNITS[part[2].lower()]
        rest = rest[part.end() :]
    if rest:
        raise ValueError('a duration is written as 30, "30s", "20m" or "1h30m"')
    return timedelta(seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(_parsed)]
"""A span of time; a bare number counts seconds."""

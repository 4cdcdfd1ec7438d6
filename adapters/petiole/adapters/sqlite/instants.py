"""Moments as the database keeps them: whole microseconds since 1970, UTC; nothing is rounded."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import overload

from petiole.core.domain.backoff import LONGEST_WAIT

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
LONGEST_WAIT_MICROS = LONGEST_WAIT // _MICROSECOND


@overload
def to_micros(moment: datetime) -> int: ...
@overload
def to_micros(moment: None) -> None: ...
def to_micros(moment: datetime | None) -> int | None:
    """Tell a moment as the database keeps it."""
    return None if moment is None else _since_epoch(moment)


@overload
def from_micros(micros: int) -> datetime: ...
@overload
def from_micros(micros: None) -> None: ...
def from_micros(micros: int | None) -> datetime | None:
    """Tell a kept moment as the core knows it: aware, in UTC."""
    return None if micros is None else moment(micros)


def span_micros(span: timedelta) -> int:
    """Tell a span, such as an uptime, as the database keeps it."""
    return span // _MICROSECOND


# The messages of a batch share most of their moments.
@lru_cache(maxsize=64)
def _since_epoch(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def moment(micros: int) -> datetime:
    """Tell a kept moment; the same as `from_micros`, without its detour."""
    return _EPOCH + timedelta(microseconds=micros)

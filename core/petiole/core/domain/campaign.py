"""A campaign of the platform that an audience can be sent to."""

from dataclasses import dataclass

from petiole.core.domain.change import SegmentId


@dataclass(frozen=True, slots=True, order=True)
class Campaign:
    """`id` is what `petiole sync --segment` takes; `name` is what people see on the platform."""

    id: SegmentId
    name: str

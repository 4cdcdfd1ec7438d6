"""Stands that are put together from parts."""

from collections.abc import Mapping

from petiole.core.domain.change import SegmentId
from petiole.core.domain.fields import JsonValue
from petiole.core.domain.identity import Identifier
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.stands import Platform, Trouble


class SinkOnPlatform:
    """Satisfies `SinkStand`: a sink, and a hand on the platform that it delivers to."""

    def __init__(self, sink: ProfileSink, platform: Platform) -> None:
        self.sink = sink
        self._platform = platform

    @property
    def ceiling(self) -> int:
        """As the platform's."""
        return self._platform.ceiling

    @property
    def calls(self) -> int:
        """As the platform's."""
        return self._platform.calls

    def identifier(self, number: int) -> Identifier:
        """As the platform's."""
        return self._platform.identifier(number)

    def held(self, segment: SegmentId) -> Mapping[Identifier, Mapping[str, JsonValue]]:
        """As the platform's."""
        return self._platform.held(segment)

    def reject(self, identifier: Identifier) -> None:
        """As the platform's."""
        self._platform.reject(identifier)

    def meet(self, trouble: Trouble) -> None:
        """As the platform's."""
        self._platform.meet(trouble)

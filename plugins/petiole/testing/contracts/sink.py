"""The fixtures to override for all suites about sinks, and what these send."""

import pytest

from petiole.core.domain.message import Message
from petiole.core.ports.profile_sink import ProfileSink
from petiole.testing.changes import change, messages, scope
from petiole.testing.standing import SinkOnPlatform
from petiole.testing.stands import Platform, SinkStand

SEGMENT = scope().segment


def additions(stand: SinkStand, most: int = 5) -> list[Message]:
    """As many additions as one call may hold, up to `most`."""
    people = [stand.identifier(number) for number in range(1, min(most, stand.ceiling) + 1)]
    return messages(change(who, fields={"firstname": f"Åse {who.value}"}) for who in people)


class SinkContract:
    """Override `sink` and `platform`, or `stand`; and `secret`, where there is one."""

    @pytest.fixture
    def sink(self, platform: Platform) -> ProfileSink:
        del platform
        pytest.fail("override this fixture with one that gives your adapter")

    @pytest.fixture
    def stand(self, sink: ProfileSink, platform: Platform) -> SinkStand:
        return SinkOnPlatform(sink, platform)

    @pytest.fixture
    def secret(self) -> str:
        """Give the token or password that the adapter of `stand` works with."""
        return ""

"""The batch lane keeps the promises of its port, over the wire."""

from collections.abc import Iterator

import pytest

from petiole.plugins.canopydeploy.sandbox import Sandbox
from petiole.testing.contracts.profile_sink import ProfileSinkContract
from petiole.testing.stands import SinkStand
from tests.adapters.canopydeploy.made import TOKEN, sink
from tests.adapters.canopydeploy.stand import TIMEOUT, Door, TwinStand

CEILING = 600
"""What the plugin's manifest declares."""


class TestWebhookSink(ProfileSinkContract):
    @pytest.fixture
    def stand(self, sandbox: Sandbox, door: Door) -> Iterator[SinkStand]:
        with sink(door, endpoint=sandbox.rest, timeout=TIMEOUT) as opened:
            yield TwinStand(opened, door, sandbox, path="/app/api/rest/", ceiling=CEILING)

    @pytest.fixture
    def secret(self) -> str:
        return TOKEN

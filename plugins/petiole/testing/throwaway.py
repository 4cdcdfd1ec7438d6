"""A plugin that is thrown away with the test, and the host that it is registered on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from petiole.adapters.memory import FrozenClock, InlineWorkers
from petiole.core.delivery.landing import Delivery
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AdapterSpec, AnyAdapterSpec, Manifest, hookimpl
from petiole.host import Host, Settings

CONNECTIONS: Mapping[str, object] = {
    "newsletter": {"plugin": "memory", "identifier": "customer-id"},
}
MANIFEST = Manifest.read(
    """
    id = "memory"
    title = "A platform in memory"
    host_api = 1

    [[adapters]]
    id = "memory.sink"
    port = "ProfileSink"
    """,
    origin="the manifest of the plugin in memory",
)


class NoSettings(BaseModel):
    """A connection to memory has no keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MemoryPlugin:
    """Offers a sink that is open already."""

    def __init__(self, sink: ProfileSink) -> None:
        self._sink = sink

    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        """Offer it."""
        return [
            AdapterSpec(id="memory.sink", port=ProfileSink, settings=NoSettings, open=self._lend)
        ]

    @contextmanager
    def _lend(self, context: AdapterContext[NoSettings]) -> Iterator[ProfileSink]:
        del context
        yield self._sink


@contextmanager
def open_test_host(
    folder: Path, *, clock: FrozenClock, sink: ProfileSink, connections: Mapping[str, object]
) -> Iterator[Host]:
    """Open a host on a durable outbox in `folder`, whose plugin "memory" leads to `sink`.

    Its time is that of `clock`; calls are made one after the other.
    """
    settings = Settings.model_validate({"connections": connections, "directory": folder})
    with Host.open(settings) as host:
        host.container.plugins().register(MANIFEST, MemoryPlugin(sink))
        host.container.clock.override(clock)
        host.container.workers.override(InlineWorkers[Delivery](clock))
        yield host

"""A plugin that is thrown away with the test, and the host that it is registered on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from petiole.adapters.memory import FrozenClock, InlineWorkers
from petiole.core.delivery.landing import Delivery
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import (
    HOST_API,
    AdapterContext,
    AdapterSpec,
    AnyAdapterSpec,
    Manifest,
    ManifestAdapter,
    hookimpl,
)
from petiole.host import Host, Settings

CONNECTIONS: Mapping[str, object] = {
    "newsletter": {"plugin": "memory", "identifier": "customer-id"},
}


class NoKeys(BaseModel):
    """A connection to a sink that is open already has no keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ThrowawayPlugin:
    """Lends a sink to every connection that names the plugin; closes nothing.

    Register it on a host: `host.container.plugins().register(plugin.manifest, plugin)`.
    """

    def __init__(self, name: str, sink: ProfileSink) -> None:
        self._name = name
        self._sink = sink

    @property
    def manifest(self) -> Manifest:
        """What an installed plugin would declare in its `plugin.toml`."""
        adapter = ManifestAdapter(id=f"{self._name}.sink", port=ProfileSink.__name__)
        return Manifest(id=self._name, title=self._name, host_api=HOST_API, adapters=[adapter])

    @hookimpl
    def petiole_provide_adapters(self) -> Sequence[AnyAdapterSpec]:
        """Offer the sink, for every lane."""
        return [
            AdapterSpec(id=f"{self._name}.sink", port=ProfileSink, settings=NoKeys, open=self._lend)
        ]

    @contextmanager
    def _lend(self, context: AdapterContext[NoKeys]) -> Iterator[ProfileSink]:
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
    memory = ThrowawayPlugin("memory", sink)
    with Host.open(settings) as host:
        host.container.plugins().register(memory.manifest, memory)
        host.container.clock.override(clock)
        host.container.workers.override(InlineWorkers[Delivery](clock))
        yield host

"""Choose the adapter for each port of a connection, and open it."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from pydantic import BaseModel

from petiole.core.domain.change import ChangeKind, ConnectionName, SegmentId
from petiole.core.errors import InvalidSettings, PortNotBound, UnknownAdapter
from petiole.core.ports.profile_sink import ProfileSink
from petiole.hooks import AdapterContext, AnyAdapterSpec, ManifestAdapter, Pace, Secret
from petiole.host.discovery import Plugins
from petiole.host.opening import opened
from petiole.host.settings import ConnectionSettings, validate_plugin_keys

Port = TypeVar("Port")


class Registry:
    """What the loaded plugins offer, asked by port and lane."""

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins

    @contextmanager
    def open(
        self,
        port: type[Port],
        name: ConnectionName,
        settings: ConnectionSettings,
        *,
        called: str = "",
    ) -> Iterator[Port]:
        """Open the adapter that serves a port for a connection; closes it on the way out.

        Where a plugin offers several for one port, `called` chooses by the last part of the id.

        Raises:
            UnknownAdapter: the connection's plugin has none for this port and lane.
            InvalidSettings: the plugin does not accept the connection's keys.
            PortNotBound: what the plugin opened does not fit the port.
            ConfigurationError: the plugin failed over opening it. Failing to close is only logged.
        """
        declared, spec = self._choose(port, name, settings, called)
        _refuse_too_large_batches(declared, name, settings)
        context = AdapterContext(
            connection=name,
            identifier=settings.identifier,
            settings=validate_plugin_keys(self._model(spec, name, settings), name, settings),
        )
        with opened(declared, spec, context) as adapter:
            if not isinstance(adapter, port):
                raise PortNotBound(
                    f"{spec.id} opened a {type(adapter).__name__}, which is no {port.__name__}"
                )
            yield adapter

    def require(
        self,
        port: type[object],
        name: ConnectionName,
        settings: ConnectionSettings,
        *,
        called: str = "",
    ) -> None:
        """Refuse a connection whose plugin offers no such adapter, without opening one.

        Raises:
            UnknownAdapter: names those that it offers.
        """
        self._choose(port, name, settings, called)

    def require_fit(self, name: ConnectionName, settings: ConnectionSettings) -> None:
        """Refuse a connection whose sink could not be opened as it is set, without opening it.

        Raises:
            UnknownAdapter: the connection's plugin has no sink for its lane.
            InvalidSettings: a batch would be larger than the sink takes.
        """
        declared, _ = self._choose(ProfileSink, name, settings)
        _refuse_too_large_batches(declared, name, settings)

    def keys(self, name: ConnectionName, settings: ConnectionSettings) -> BaseModel:
        """Validate the plugin's keys of a connection by the model of its sink.

        Raises:
            UnknownAdapter: the connection's plugin has no sink for its lane.
            InvalidSettings: the plugin does not accept the connection's keys.
        """
        _, spec = self._choose(ProfileSink, name, settings)
        keys: BaseModel = validate_plugin_keys(spec.settings, name, settings)
        return keys

    def reserved_fields(
        self, name: ConnectionName, settings: ConnectionSettings
    ) -> Collection[str]:
        """Name the fields that a profile must not have, since the sink's wire uses them itself."""
        _, spec = self._choose(ProfileSink, name, settings)
        return spec.reserved_fields(self.keys(name, settings))

    def kinds(self, name: ConnectionName, settings: ConnectionSettings) -> Collection[ChangeKind]:
        """Name the kinds of change that a connection's sink carries; all, unless it says which."""
        declared, _ = self._choose(ProfileSink, name, settings)
        return declared.kinds or tuple(ChangeKind)

    def segment_trouble(
        self, name: ConnectionName, settings: ConnectionSettings, segment: SegmentId
    ) -> str:
        """Tell why a connection's sink could not send to a segment, or nothing."""
        _, spec = self._choose(ProfileSink, name, settings)
        return spec.segment_trouble(segment)

    def pace(self, name: ConnectionName, settings: ConnectionSettings) -> Pace:
        """Tell how fast a connection's platform lets itself be called."""
        _, spec = self._choose(ProfileSink, name, settings)
        return spec.pace(self.keys(name, settings)) or Pace()

    def hint(
        self, name: ConnectionName, settings: ConnectionSettings, *, code: str, reason: str
    ) -> str:
        """Tell in plain words what the platform's code and reason mean, or nothing."""
        _, spec = self._choose(ProfileSink, name, settings)
        return spec.hint(code, reason)

    def secrets(self, name: ConnectionName, settings: ConnectionSettings) -> Sequence[Secret]:
        """Name the secrets that a connection's sink works with."""
        return [secret for _, secret in secrets_in(self.keys(name, settings))]

    def _model(
        self, spec: AnyAdapterSpec, name: ConnectionName, settings: ConnectionSettings
    ) -> type[BaseModel]:
        """Choose what validates the keys: the model of the lane's sink where it is of that kind.

        So the adapters of a connection share its keys, and each asks for no more than it needs.
        """
        try:
            _, sink = self._choose(ProfileSink, name, settings)
        except UnknownAdapter:
            return spec.settings
        return sink.settings if issubclass(sink.settings, spec.settings) else spec.settings

    def _choose(
        self,
        port: type[object],
        name: ConnectionName,
        settings: ConnectionSettings,
        called: str = "",
    ) -> tuple[ManifestAdapter, AnyAdapterSpec]:
        manifest = self._plugins.load(settings.plugin)
        lane = settings.lane if port is ProfileSink else None
        serving = [declared for declared in manifest.adapters if declared.port == port.__name__]
        for declared in serving:
            if declared.lane in {lane, None} and called in {"", _last_part(declared)}:
                for spec in self._plugins.adapters(settings.plugin):
                    if spec.id == declared.id:
                        return declared, spec
        wanted = port.__name__ + (f" for lane {lane!r}" if lane else "")
        wanted += f" called {called!r}" if called else ""
        known = ", ".join(map(_last_part, serving)) if called else ""
        raise UnknownAdapter(
            f"connections.{name}: plugin {settings.plugin!r} offers no {wanted}"
            + (f"; there are: {known}" if known else "")
        )


def _last_part(declared: ManifestAdapter) -> str:
    return declared.id.rpartition(".")[2]


def secrets_in(keys: BaseModel, prefix: str = "") -> Iterator[tuple[str, Secret]]:
    """Find every secret that the keys refer to, with the dotted name of its key."""
    for key, value in keys:
        if isinstance(value, BaseModel):
            yield from secrets_in(value, f"{prefix}{key}.")
        if isinstance(value, Secret):
            yield f"{prefix}{key}", value


def _refuse_too_large_batches(
    declared: ManifestAdapter, name: ConnectionName, settings: ConnectionSettings
) -> None:
    if declared.max_profiles and settings.batching.max_profiles > declared.max_profiles:
        raise InvalidSettings(
            f"connections.{name}.batch.max_profiles is {settings.batching.max_profiles}; "
            f"{declared.id} takes at most {declared.max_profiles}"
        )

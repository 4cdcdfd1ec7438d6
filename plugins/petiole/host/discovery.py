"""Find plugins by their entry points and manifests, and load them one by one.

A manifest is read before any code of its plugin is imported. One bad plugin is told about and
skipped; the rest load. Every hook call is typed here; the plugin manager never leaves this module.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import Distribution, EntryPoint, distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from petiole.core.errors import ConfigurationError, ManifestError, ManifestMismatch, UnknownAdapter
from petiole.hooks import Manifest, specs
from petiole.hooks.markers import PROJECT

if TYPE_CHECKING:
    import click

    from petiole.core.domain.events import MessageBuried, MessagesDelivered
    from petiole.hooks import AnyAdapterSpec, SandboxSpec

ENTRY_POINT_GROUP = "petiole"
MANIFEST_NAME = "plugin.toml"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlugin:
    """A plugin as found, before its code is imported. `error` tells why it cannot be used."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint | None = None
    manifest: Manifest | None = None
    error: str = ""


def find_plugins(sources: Iterable[Distribution] | None = None) -> Sequence[FoundPlugin]:
    """List every installed plugin, sorted by name; an id taken twice disables both."""
    found = [
        _read(entry_point, distribution)
        for distribution in (distributions() if sources is None else sources)
        for entry_point in distribution.entry_points
        if entry_point.group == ENTRY_POINT_GROUP
    ]
    unique = {(plugin.name, plugin.distribution): plugin for plugin in found}
    return sorted(
        (_refuse_twins(plugin, unique.values()) for plugin in unique.values()),
        key=lambda plugin: (plugin.name, plugin.distribution),
    )


class Plugins:
    """The plugins that may be used, loaded when they are first asked for."""

    def __init__(self, found: Sequence[FoundPlugin]) -> None:
        self.found = found
        self._hooks = pluggy.PluginManager(PROJECT)
        self._hooks.add_hookspecs(specs)
        self._failed: dict[str, str] = {}

    def register(self, manifest: Manifest, plugin: object) -> None:
        """Add a plugin object that is not installed, as tests do.

        Raises:
            ConfigurationError: it implements an unknown hook, or one with wrong arguments.
        """
        self.found = [
            *self.found,
            FoundPlugin(name=manifest.id, distribution="", version="", manifest=manifest),
        ]
        self._register(manifest.id, plugin)

    def load(self, name: str) -> Manifest:
        """Import and register one plugin, unless that was done, and compare it with its manifest.

        Raises:
            UnknownAdapter: no such plugin is installed.
            ConfigurationError: it cannot be used; the message tells why.
        """
        plugin = self._find(name)
        if plugin.error or name in self._failed:
            raise ConfigurationError(f"plugin {name!r}: {plugin.error or self._failed[name]}")
        if plugin.manifest is None:
            raise ManifestError(f"plugin {name!r} has no manifest")
        if not self._hooks.has_plugin(name) and plugin.entry_point is not None:
            try:
                self._register(name, self._import(plugin.entry_point))
                self._compare(plugin.manifest)
            except ConfigurationError as error:
                if self._hooks.has_plugin(name):
                    self._hooks.unregister(name=name)
                self._failed[name] = str(error)
                raise ConfigurationError(f"plugin {name!r}: {error}") from error
        return plugin.manifest

    def load_all(self) -> Sequence[FoundPlugin]:
        """Try to load every plugin; tell of each what came of it."""
        for plugin in self.found:
            if not plugin.error:
                try:
                    self.load(plugin.name)
                except ConfigurationError:
                    continue
        return [
            FoundPlugin(
                name=plugin.name,
                distribution=plugin.distribution,
                version=plugin.version,
                manifest=plugin.manifest,
                error=plugin.error or self._failed.get(plugin.name, ""),
            )
            for plugin in self.found
        ]

    def adapters(self, name: str) -> "Sequence[AnyAdapterSpec]":
        """Ask one plugin for its adapters; it must be loaded.

        Raises:
            ConfigurationError: the plugin failed over the question.
        """
        try:
            answers: list[Sequence[AnyAdapterSpec]] = self._only(name, "petiole_provide_adapters")()
        except Exception as error:
            raise ConfigurationError(
                f"petiole_provide_adapters failed: {type(error).__name__}: {error}"
            ) from error
        return [spec for answer in answers for spec in answer]

    def sandbox(self, name: str) -> "SandboxSpec":
        """Ask one plugin for its platform's twin.

        Raises:
            UnknownAdapter: it offers none.
        """
        self.load(name)
        answers: list[SandboxSpec] = self._only(name, "petiole_provide_sandbox")()
        if not answers:
            raise UnknownAdapter(f"plugin {name!r} offers no sandbox")
        return answers[0]

    def load_observers(self) -> None:
        """Load the plugins that declare that they observe; a bad one is logged and skipped."""
        for plugin in self.found:
            if plugin.manifest and plugin.manifest.observes:
                try:
                    self.load(plugin.name)
                except ConfigurationError as error:
                    _log.warning("%s", error)

    def register_commands(self, name: str, cli: "click.Group") -> None:
        """Let the plugins that declare a command of that name add theirs.

        Raises:
            ConfigurationError: such a plugin cannot be used.
        """
        for plugin in self.found:
            if plugin.manifest and name in plugin.manifest.commands:
                self.load(plugin.name)
                self._only(plugin.name, "petiole_register_commands")(cli=cli)

    def delivered(self, event: "MessagesDelivered") -> None:
        """Tell every loaded plugin."""
        self._hooks.hook.petiole_delivered(event=event)

    def buried(self, event: "MessageBuried") -> None:
        """Tell every loaded plugin."""
        self._hooks.hook.petiole_buried(event=event)

    @cached_property
    def with_sandbox(self) -> Sequence[str]:
        """Names of the usable plugins that declare a twin."""
        return [p.name for p in self.found if not p.error and p.manifest and p.manifest.sandbox]

    def _find(self, name: str) -> FoundPlugin:
        for plugin in self.found:
            if plugin.name == name:
                return plugin
        known = ", ".join(plugin.name for plugin in self.found) or "none"
        raise UnknownAdapter(f"no plugin {name!r} is installed; installed are: {known}")

    def _import(self, entry_point: EntryPoint) -> object:
        try:
            return entry_point.load()
        except Exception as error:
            raise ConfigurationError(
                f"cannot be imported from {entry_point.value}: {type(error).__name__}: {error}"
            ) from error

    def _register(self, name: str, plugin: object) -> None:
        try:
            self._hooks.register(plugin, name=name)
            self._hooks.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise ConfigurationError(" ".join(str(error).split())) from error

    def _compare(self, manifest: Manifest) -> None:
        declared = {adapter.id: adapter.port for adapter in manifest.adapters}
        offered = {spec.id: spec.port.__name__ for spec in self.adapters(manifest.id)}
        if declared != offered:
            raise ManifestMismatch(
                f"{MANIFEST_NAME} declares {_told(declared)}, its code offers {_told(offered)}"
            )

    def _only(self, name: str, hook: str) -> pluggy.HookCaller:
        others = [plugin for other, plugin in self._hooks.list_name_plugin() if other != name]
        return self._hooks.subset_hook_caller(hook, [p for p in others if p is not None])


def _told(adapters: dict[str, str]) -> str:
    return ", ".join(f"{id_} ({port})" for id_, port in sorted(adapters.items())) or "nothing"


def _read(entry_point: EntryPoint, distribution: Distribution) -> FoundPlugin:
    name = distribution.metadata["Name"]
    try:
        text = _manifest_text(entry_point, distribution)
        manifest = Manifest.read(text, origin=f"{MANIFEST_NAME} of {name}")
    except ManifestError as error:
        return FoundPlugin(
            name=entry_point.name,
            distribution=name,
            version=distribution.version,
            error=str(error),
        )
    return FoundPlugin(
        name=manifest.id,
        distribution=name,
        version=distribution.version,
        entry_point=entry_point,
        manifest=manifest,
    )


def _manifest_text(entry_point: EntryPoint, distribution: Distribution) -> str:
    """Find the manifest in the distribution's metadata, else beside its top-level package."""
    text = distribution.read_text(f"extra_metadata/{MANIFEST_NAME}")
    if text is not None:
        return text
    spec = find_spec(entry_point.module.partition(".")[0])
    for folder in spec.submodule_search_locations or () if spec else ():
        path = Path(folder) / MANIFEST_NAME
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise ManifestError(
        f"no {MANIFEST_NAME} in the metadata of {distribution.metadata['Name']} or in its package"
    )


def _refuse_twins(plugin: FoundPlugin, others: Iterable[FoundPlugin]) -> FoundPlugin:
    twins = sorted(other.distribution for other in others if other.name == plugin.name)
    if len(twins) == 1:
        return plugin
    return FoundPlugin(
        name=plugin.name,
        distribution=plugin.distribution,
        version=plugin.version,
        manifest=plugin.manifest,
        error=f"the id {plugin.name!r} is taken twice, by {' and '.join(twins)}; uninstall one",
    )

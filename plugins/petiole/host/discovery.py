"""Load plugins one by one, compare each with its manifest, and call their hooks.

One bad plugin is told about and skipped; the rest load. Every hook call is typed here; the plugin
manager never leaves this module.
"""

import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import EntryPoint
from threading import RLock
from typing import TYPE_CHECKING

import pluggy

from petiole.core.errors import ConfigurationError, ManifestError, UnknownAdapter
from petiole.hooks import Manifest, SandboxSpec, specs
from petiole.hooks.markers import PROJECT
from petiole.host.comparison import refuse_mismatch, specs_in
from petiole.host.installed import FoundPlugin, find_plugins

if TYPE_CHECKING:
    from types import ModuleType

    import click

    from petiole.core.domain.events import EngagementsStored, MessageBuried, MessagesDelivered
    from petiole.hooks import AnyAdapterSpec

__all__ = ["FoundPlugin", "Plugins", "find_plugins"]

_UNKNOWN_HOOK = re.compile(r"unknown hook '(\w+)'")
_WRONG_ARGUMENTS = re.compile(r"for hook '(\w+)'.*Argument\(s\) \{(.+?)\}", re.DOTALL)

_ALONE = RLock()

_log = logging.getLogger(__name__)


class Plugins:
    """The plugins that may be used, loaded when they are first asked for."""

    def __init__(
        self, found: Sequence[FoundPlugin], *, hookspecs: "ModuleType | None" = None
    ) -> None:
        self.found = found
        self._hooks = pluggy.PluginManager(PROJECT)
        self._hooks.add_hookspecs(hookspecs or specs)
        self._failed: dict[str, str] = {}

    def register(self, manifest: Manifest, plugin: object) -> None:
        """Add a plugin object that is not installed, as tests do.

        It takes the place of an installed one of that id, unless that is loaded already.

        Raises:
            ConfigurationError: it implements an unknown hook, or one with wrong arguments; or a
                plugin of that id is loaded.
        """
        self._register(manifest.id, plugin)
        self.found = [
            *(other for other in self.found if other.name != manifest.id),
            FoundPlugin(name=manifest.id, distribution="", version="", manifest=manifest),
        ]

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
                with _quiet():
                    self._register(name, _imported(plugin.entry_point))
                refuse_mismatch(plugin.manifest, self.adapters(name), self._implemented(name))
            except ConfigurationError as error:
                self._drop(name)
                self._failed[name] = str(error)
                raise ConfigurationError(f"plugin {name!r}: {error}") from error
        return plugin.manifest

    def load_all(self) -> Sequence[FoundPlugin]:
        """Try to load every plugin; tell of each what came of it."""
        return [self._tried(plugin) for plugin in self.found]

    def adapters(self, name: str) -> "Sequence[AnyAdapterSpec]":
        """Ask one plugin for its adapters; it must be loaded.

        Raises:
            ConfigurationError: the plugin failed over the question, or answered something else.
        """
        with _quiet():
            answers = self._ask(name, "petiole_provide_adapters")
        return [spec for answer in answers for spec in specs_in(answer)]

    def sandbox(self, name: str) -> SandboxSpec:
        """Ask one plugin for its platform's twin.

        Raises:
            UnknownAdapter: it offers none.
            ConfigurationError: it cannot be used.
        """
        self.load(name)
        with _quiet():
            answers = self._ask(name, "petiole_provide_sandbox")
        for answer in answers:
            if isinstance(answer, SandboxSpec):
                return answer
        raise UnknownAdapter(f"plugin {name!r} offers no sandbox")

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
            ConfigurationError: such a plugin cannot be used, or failed.
        """
        for plugin in self.found:
            if plugin.manifest and name in plugin.manifest.commands:
                self.load(plugin.name)
                with _quiet():
                    self._ask(plugin.name, "petiole_register_commands", cli=cli)

    def delivered(self, event: "MessagesDelivered") -> None:
        """Tell every loaded plugin; one that fails is logged, and the others are told."""
        self._tell("petiole_delivered", event)

    def buried(self, event: "MessageBuried") -> None:
        """Tell every loaded plugin, likewise."""
        self._tell("petiole_buried", event)

    def engaged(self, event: "EngagementsStored") -> None:
        """Tell every loaded plugin, likewise."""
        self._tell("petiole_engaged", event)

    @cached_property
    def with_sandbox(self) -> Sequence[str]:
        """Names of the usable plugins that declare a twin."""
        return [p.name for p in self.found if not p.error and p.manifest and p.manifest.sandbox]

    def _find(self, name: str) -> FoundPlugin:
        same = [plugin for plugin in self.found if plugin.name == name]
        if not same:
            known = ", ".join(sorted({plugin.name for plugin in self.found})) or "none"
            raise UnknownAdapter(f"no plugin {name!r} is installed; installed are: {known}")
        return next((plugin for plugin in same if not plugin.error), same[0])

    def _tried(self, plugin: FoundPlugin) -> FoundPlugin:
        if plugin.error:
            return plugin
        try:
            self.load(plugin.name)
        except ConfigurationError as error:
            return replace(plugin, error=self._failed.get(plugin.name, str(error)))
        return plugin

    def _tell(self, hook: str, event: object) -> None:
        for name, _ in self._hooks.list_name_plugin():
            try:
                self._ask(name, hook, event=event)
            except ConfigurationError:
                _log.exception("plugin %s", name)

    def _ask(self, name: str, hook: str, **given: object) -> Sequence[object]:
        """Call a hook of one plugin; what one does is nothing to the others.

        Raises:
            ConfigurationError: the plugin failed.
        """
        caller: pluggy.HookCaller = getattr(self._hooks.hook, hook)
        try:
            answers = [
                implementation.function(*(given[argument] for argument in implementation.argnames))
                for implementation in caller.get_hookimpls()
                if implementation.plugin_name == name
            ]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise ConfigurationError(f"{hook} failed: {type(error).__name__}: {error}") from error
        return [answer for answer in answers if answer is not None]

    def _register(self, name: str, plugin: object) -> None:
        try:
            self._hooks.register(plugin, name=name)
            self._hooks.check_pending()
        except pluggy.PluginValidationError as error:
            self._drop(name)
            raise ConfigurationError(self._explained(str(error))) from error
        except ValueError as error:
            raise ConfigurationError(" ".join(str(error).split())) from error

    def _drop(self, name: str) -> None:
        if self._hooks.has_plugin(name):
            self._hooks.unregister(name=name)

    def _explained(self, told: str) -> str:
        """Say in our words what pluggy found; its own name modules with their whole paths."""
        known = [name for name in vars(self._hooks.hook) if self._arguments(name) is not None]
        if found := _UNKNOWN_HOOK.search(told):
            near = get_close_matches(found[1], known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
            return f"implements the unknown hook {found[1]!r}; {hint}"
        if found := _WRONG_ARGUMENTS.search(told):
            takes = ", ".join(self._arguments(found[1]) or ()) or "no arguments"
            return f"{found[1]} asks for {found[2]}; the hook has {takes}"
        return " ".join(told.split())

    def _arguments(self, hook: str) -> Sequence[str] | None:
        """Name the arguments of a hook; `None` for one that nobody specified."""
        spec = getattr(self._hooks.hook, hook).spec
        return None if spec is None else spec.argnames

    def _implemented(self, name: str) -> set[str]:
        callers = self._hooks.get_hookcallers(self._hooks.get_plugin(name)) or ()
        return {caller.name for caller in callers}


@contextmanager
def _quiet() -> Iterator[None]:
    """Send to standard error what a plugin prints: our output may be for machines.

    One thread at a time, since all of them print to the same place.
    """
    with _ALONE, redirect_stdout(sys.stderr):
        yield


def _imported(entry_point: EntryPoint) -> object:
    if not entry_point.pattern.match(entry_point.value):
        raise ConfigurationError(f"its entry point {entry_point.value!r} names no module")
    try:
        return entry_point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise ConfigurationError(
            f"cannot be imported from {entry_point.value}: {type(error).__name__}: {error}"
        ) from error

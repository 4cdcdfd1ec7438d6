"""Try installed plugins, and tell meanwhile on a terminal which of them takes its time."""

from collections.abc import Mapping, Sequence

from petiole.core.errors import ConfigurationError
from petiole.host.cli.output import errors, warn
from petiole.host.installed import FoundPlugin
from petiole.host.probe import Probed, probe_all
from petiole.host.schema import SinkKeys


def try_all(found: Sequence[FoundPlugin], *, with_keys: bool = False) -> Sequence[Probed]:
    """Load each in a process of its own."""
    return probe_all(found, with_keys=with_keys, slow=_tell)


def keys_of(found: Sequence[FoundPlugin]) -> Mapping[str, Sequence[SinkKeys]]:
    """Describe the keys of each plugin's sinks; one that cannot be used is named and left out.

    Raises:
        ConfigurationError: none of them can be used.
    """
    tried = try_all(found, with_keys=True)
    for plugin in (one.plugin for one in tried):
        if plugin.error:
            warn(f"{plugin.name} is left out: {plugin.error}")
    if tried and all(one.plugin.error for one in tried):
        raise ConfigurationError("none of these plugins can be used; petiole plugins lists all")
    return {one.plugin.name: one.keys for one in tried if not one.plugin.error}


def _tell(name: str) -> None:
    if errors.is_terminal:
        warn(f"still trying the plugin {name} …")

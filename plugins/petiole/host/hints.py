"""A plain hint beside the platform's own words: the plugin's, or else petiole's."""

from petiole.core.domain.change import ConnectionName
from petiole.core.errors import ConfigurationError
from petiole.host.registry import Registry
from petiole.host.settings import Settings

_GAVE_UP = "gave up"
_GAVE_UP_HINT = "it failed too often or for too long: mend the cause, then petiole dead redrive"


def hint(
    settings: Settings, registry: Registry, connection: ConnectionName, *, code: str, reason: str
) -> str:
    """Tell what helps, or nothing; works also for connections and plugins that are gone."""
    told = _of_plugin(settings, registry, connection, code=code, reason=reason)
    if _GAVE_UP in reason:
        return f"{_GAVE_UP_HINT}; {told}" if told else _GAVE_UP_HINT
    return told


def _of_plugin(
    settings: Settings, registry: Registry, connection: ConnectionName, *, code: str, reason: str
) -> str:
    known = settings.connections.get(connection)
    if known is None:
        return ""
    try:
        return registry.hint(connection, known, code=code, reason=reason)
    except ConfigurationError:
        return ""

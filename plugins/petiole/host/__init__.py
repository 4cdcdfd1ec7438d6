"""The host around the core. Programs need one name of it: `Host`, with what it takes and gives."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from petiole.host.host import Host
    from petiole.host.results import RunResult, SyncResult
    from petiole.host.settings import Settings, load_settings
    from petiole.host.status import Condition, ConnectionStatus

_HOMES = {
    "Condition": "status",
    "ConnectionStatus": "status",
    "Host": "host",
    "RunResult": "results",
    "Settings": "settings",
    "SyncResult": "results",
    "load_settings": "settings",
}

__all__ = [
    "Condition",
    "ConnectionStatus",
    "Host",
    "RunResult",
    "Settings",
    "SyncResult",
    "load_settings",
]


def __getattr__(name: str) -> object:
    """Import a name when it is asked for, so that `petiole --help` need not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

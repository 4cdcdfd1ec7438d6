"""The host around the core. Programs need one name of it: `Host`, with what it takes and gives."""

from typing import TYPE_CHECKING

from petiole.core.doors import door

if TYPE_CHECKING:
    from petiole.host.host import Host
    from petiole.host.results import RunResult, SyncResult
    from petiole.host.settings import Settings, load_settings
    from petiole.host.status import Condition, ConnectionStatus

__all__ = [
    "Condition",
    "ConnectionStatus",
    "Host",
    "RunResult",
    "Settings",
    "SyncResult",
    "load_settings",
]

__getattr__ = door(
    __name__,
    {
        "Condition": "status",
        "ConnectionStatus": "status",
        "Host": "host",
        "RunResult": "results",
        "Settings": "settings",
        "SyncResult": "results",
        "load_settings": "settings",
    },
)

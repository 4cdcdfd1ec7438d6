"""How fast a connection may call its platform: what the plugin declares, within the settings."""

from zoneinfo import ZoneInfo

from petiole.core.domain.change import ConnectionName
from petiole.core.domain.quota import DailyQuota
from petiole.host.registry import Registry
from petiole.host.settings import Settings

CLAIMED, MOST_MESSAGES = 64, 6_400
"""Batches, and messages in them, that one runner may hold: the more at a time, the cheaper."""


def calls_at_once(name: ConnectionName, settings: Settings, registry: Registry) -> int:
    """Tell how many calls may be under way: the setting, but no more than the platform takes."""
    connection = settings.connections[name]
    declared = registry.pace(name, connection).calls_at_once
    return min(connection.max_in_flight, declared or connection.max_in_flight)


def batches_ahead(at_once: int, max_profiles: int) -> int:
    """Tell how many batches of some size may stand ready beside those that are being sent.

    More are claimed once half of them are gone: what is left is a call for each worker.
    """
    return max(2 * at_once, min(CLAIMED, MOST_MESSAGES // max_profiles) - at_once)


def quota_of(name: ConnectionName, settings: Settings, registry: Registry) -> DailyQuota | None:
    """Tell how many calls the platform takes in a day, and which connections share them."""
    connection = settings.connections[name]
    pace = registry.pace(name, connection)
    if pace.calls_per_day is None:
        return None
    account = connection.account_of(name)
    shared_by = [
        ConnectionName(other)
        for other, others in settings.connections.items()
        if others.plugin == connection.plugin
        and others.lane == connection.lane
        and others.account_of(ConnectionName(other)) == account
    ]
    return DailyQuota(calls=pace.calls_per_day, zone=ZoneInfo(pace.day_zone), shared_by=shared_by)

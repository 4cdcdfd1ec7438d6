"""How many calls a platform takes in a day, and when its day is over."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from petiole.core.domain.change import ConnectionName


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyQuota:
    """`calls` a day, from midnight to midnight in `zone`; a day may have 23 or 25 hours.

    `shared_by` are the connections whose calls count together.
    """

    calls: int
    zone: ZoneInfo
    shared_by: Collection[ConnectionName]

    def day_began(self, now: datetime) -> datetime:
        """Tell when the platform's present day began, in UTC."""
        today = now.astimezone(self.zone).date()
        return datetime.combine(today, time(), self.zone).astimezone(UTC)

    def day_ends(self, now: datetime) -> datetime:
        """Tell when the platform's next day begins, in UTC."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), self.zone).astimezone(UTC)

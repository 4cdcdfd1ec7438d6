"""The deliveries that engagements go back to."""

import sqlite3

from petiole.adapters.sqlite.engagement_row import to_cause
from petiole.adapters.sqlite.instants import to_micros
from petiole.adapters.sqlite.profiles import ProfileNumber
from petiole.core.domain.engagement import Cause, Engagement
from petiole.core.ports.engagements import CLOCK_TOLERANCE

_OF_CAMPAIGN = """
SELECT id, segment, batch, settled_at FROM message INDEXED BY message_past
WHERE profile = :profile AND head IS NULL AND state = 'delivered' AND kind <> 'remove'
    AND connection = :connection AND segment = :campaign AND settled_at <= :latest
ORDER BY id DESC LIMIT 1
"""
_OF_ANY = """
SELECT id, segment, batch, settled_at FROM message INDEXED BY message_past
WHERE profile = :profile AND head IS NULL AND state = 'delivered' AND kind <> 'remove'
    AND connection = :connection AND settled_at <= :latest
ORDER BY id DESC LIMIT 1
"""


class Causes:
    """Finds them within one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def of(self, engagement: Engagement, profile: ProfileNumber) -> Cause | None:
        """Find the delivery, or nothing."""
        asked = {
            "profile": profile,
            "connection": engagement.connection,
            "campaign": engagement.campaign_id,
            "latest": to_micros(engagement.occurred_at + CLOCK_TOLERANCE),
        }
        for sql in (_OF_CAMPAIGN, _OF_ANY):
            row = self._connection.execute(sql, asked).fetchone()
            if row is not None:
                return to_cause(*row)
        return None
